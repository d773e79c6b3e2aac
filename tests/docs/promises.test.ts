import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/*
 * A promise of a page has an id: `R12` in RELIABILITY.md, `E12` in PROTOCOL.md. The tests that verify it have the id at
 * the end of their title: `it('… (R12)')`. So a title can be improved without an edit of the page.
 */

const ROOT = path.join(__dirname, '..', '..');

function read(...parts: string[]): string {
  return readFileSync(path.join(ROOT, ...parts), 'utf8');
}

/** The ids of the promises of a page, in order. */
function promisesOf(page: string): string[] {
  return [...read('docs', page).matchAll(/^- \*\*([ER]\d+)\./gm)].map(([, id = '']) => id);
}

/** The ids at the ends of titles in every test file, except those of this folder. */
function idsInTitles(): Set<string> {
  const files = readdirSync(path.join(ROOT, 'tests'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !file.startsWith(`docs${path.sep}`))
    .map((file) => read('tests', file));
  const marks = files.flatMap((text) => [...text.matchAll(/\(((?:[ER]\d+(?:, )?)+)\)['"`]/g)]);
  return new Set(marks.flatMap(([, list = '']) => list.split(', ')));
}

const promises = { 'RELIABILITY.md': promisesOf('RELIABILITY.md'), 'PROTOCOL.md': promisesOf('PROTOCOL.md') };
const all = Object.values(promises).flat();
const held = idsInTitles();

it('each page has promises with unique ids', () => {
  expect(promises['RELIABILITY.md'].length).toBeGreaterThan(60);
  expect(promises['PROTOCOL.md'].length).toBeGreaterThan(30);
  expect(all.filter((id, index) => all.indexOf(id) !== index)).toEqual([]);
});

it('every promise has a test', () => {
  expect(all.filter((id) => !held.has(id))).toEqual([]);
});

it('every id in a title of a test is a promise of a page', () => {
  expect([...held].filter((id) => !all.includes(id))).toEqual([]);
});
