import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '..', '..');
const REFERENCE = path.join(ROOT, 'docs', 'reference');

/** The places of a page that may be cited: the numbers of its headings, its choices (`A3`) and its rows (`row 3`). */
function placesOf(page: string): ReadonlySet<string> {
  const text = readFileSync(path.join(REFERENCE, page), 'utf8');
  const headings = [...text.matchAll(/^#{2,3} (\d+(?:\.\d+)?)[. ]/gm)].map(([, number = '']) => number);
  const choices = [...text.matchAll(/^- \*\*(A\d+)\. /gm)].map(([, name = '']) => name);
  const rows = [...text.matchAll(/^- \*\*Row (\d+)\.\*\*/gm)].map(([, number = '']) => `row ${number}`);
  return new Set([...headings, ...choices, ...rows]);
}

const PLACES = {
  protocol: placesOf('v1-protocol.md'),
  'engine behaviour': placesOf('v1-engine-behaviour.md'),
  bridge: placesOf('bridge.md'),
};

const LIST = String.raw`(?:A?\d+(?:\.\d+)?)(?:(?:, | and | to | )(?:A\d+|\d+(?:\.\d+)?)(?![\w.]*[a-z]))*`;
const ROWS = String.raw`(?:, rows? (\d+(?:(?:, | and | to )\d+)*))?`;
const CITATION = new RegExp(String.raw`\b(protocol|engine behaviour|bridge),? (${LIST})${ROWS}`, 'g');
const SEPARATOR = /, | and | to | /;

/** Every place that a text cites: `protocol 2.6 to 2.8`, `engine behaviour 3 and 4`, `bridge 5, rows 6 to 8`. */
function citationsIn(text: string): { readonly page: keyof typeof PLACES; readonly place: string }[] {
  const plain = text.replaceAll(/\n\s*(?:\*|\/\/)?\s*/g, ' ');
  return [...plain.matchAll(CITATION)].flatMap(([, page = '', list = '', rows]) => {
    const numbers = rows === undefined ? [] : rows.split(SEPARATOR).map((number) => `row ${number}`);
    return [...list.split(SEPARATOR), ...numbers].map((place) => ({ page: page as keyof typeof PLACES, place }));
  });
}

function filesBelow(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:tsx?|md)$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith(REFERENCE));
}

const cited = ['src', 'tests', 'docs', 'migrations', 'bench', 'seeds']
  .flatMap(filesBelow)
  .flatMap((file) =>
    citationsIn(readFileSync(file, 'utf8')).map((citation) => ({ ...citation, file: path.relative(ROOT, file) })),
  );

describe('a citation of the reference', () => {
  it('is found in every form', () => {
    const text = 'obeys (protocol 2.6 to 2.8), (protocol\n * 14, A3) and engine behaviour 3 and 8; not protocol v1';
    expect(citationsIn(text).map(({ place }) => place)).toEqual(['2.6', '2.8', '14', 'A3', '3', '8']);
    const rows = 'starts an upload (bridge 5, rows 6 to 8), a tag (bridge 5, row 2) or nothing (bridge 5.1, 16)';
    const found = ['5', 'row 6', 'row 8', '5', 'row 2', '5.1', '16'];
    expect(citationsIn(rows).map(({ place }) => place)).toEqual(found);
  });

  it('leads to a section of docs/reference', () => {
    expect(cited.length).toBeGreaterThan(150);
    expect(cited.filter(({ page }) => page === 'bridge').length).toBeGreaterThan(15);
    expect(cited.filter(({ page, place }) => !PLACES[page].has(place))).toEqual([]);
  });
});
