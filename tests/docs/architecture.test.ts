import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '../..');
const PAGE = readFileSync(path.join(ROOT, 'docs/ARCHITECTURE.md'), 'utf8');
const PICTURE = /^```\n(.*?)^```$/ms.exec(PAGE)?.[1] ?? '';

function foldersIn(folder: string): string[] {
  const entries = readdirSync(path.join(ROOT, folder), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** The names that the picture shows between two of its words. */
function shown(from: string, to: string): string[] {
  const part = PICTURE.slice(PICTURE.indexOf(from) + from.length, PICTURE.indexOf(to));
  return [...part.matchAll(/\b[a-z]\w*\b/g)].map(([name]) => name);
}

/** The features in the order of the import rules, lowest first. Some do not exist yet. */
function featuresInOrder(): string[] {
  const rules = readFileSync(path.join(ROOT, '.dependency-cruiser.cjs'), 'utf8');
  const [, list = ''] = /^const FEATURES = \[(.*?)\];$/ms.exec(rules) ?? [];
  return [...list.matchAll(/'([a-z]+)'/g)].map(([, name = '']) => name);
}

describe('the picture in ARCHITECTURE.md', () => {
  it('has every feature, in the order of the import rules', () => {
    const features = shown('features/', 'rules, then SQL');
    expect(features).toEqual(featuresInOrder().filter((name) => features.includes(name)));
    expect(foldersIn('src/features').filter((name) => !features.includes(name))).toEqual([]);
  });

  it('has every surface and every folder of the platform', () => {
    const picture = PICTURE.replaceAll(/\((.*?)\)/g, '');
    for (const surface of foldersIn('src/surfaces')) expect(picture).toContain(`${surface}/`);
    expect(shown('platform/', 'knows no Docker')).toEqual(foldersIn('src/platform').sort());
  });
});

describe('the list of where ideas live', () => {
  const lines = PAGE.slice(PAGE.indexOf('## Where ideas live'), PAGE.indexOf('## Glossary')).split('\n- ').slice(1);

  it('names no idea twice', () => {
    expect(lines.filter((line, at) => lines.indexOf(line) !== at)).toEqual([]);
  });

  it('leads to existing files and folders', () => {
    const missing = lines.flatMap((line) => {
      const names = [...line.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
      const folder = path.dirname(names[0] ?? '');
      return names.filter((name) => !['', 'src', folder].some((base) => existsSync(path.join(ROOT, base, name))));
    });
    expect(missing).toEqual([]);
  });
});
