import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Context } from '../../src/context';
import { brokenReferences, testReferences } from './references';
import { v1Routes } from '../../src/surfaces/v1/routes';
import { v2Routes } from '../../src/surfaces/v2/routes';

const ROOT = path.join(__dirname, '..', '..');
const page = readFileSync(path.join(ROOT, 'docs', 'PROTOCOL.md'), 'utf8');

/** The routes of the page: a heading, a line of section and handler, a list of tests. */
const rows = page
  .split(/^(?=#+ )/m)
  .filter((section) => section.startsWith('### '))
  .map((section) => {
    const [heading = '', handler = '', tests = ''] = section.split('\n\n').map(onOneLine);
    const [, method = '', url = ''] = /^### `([A-Z]+)(?:, HEAD)? (\S+)`$/.exec(heading) ?? [];
    const [, success = '', errors = ''] = /^- success: (.*) - errors: (.*)$/.exec(tests) ?? [];
    return { door: `${method} ${plainPath(url)}`, handler, success, errors };
  });

function onOneLine(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ');
}

/** The common form of a path in the page and a path in the code. */
function plainPath(text: string): string {
  return text
    .replace(/:namespace\/:repository|:repository/, 'R')
    .replace(/:\w+|<\w+>/g, '*')
    .replace(/(?<=.)\/$/, '');
}

const references = testReferences(page, 'tests/surfaces/v1');

const doors = new Set(
  [...v1Routes({} as Context), ...v2Routes({} as Context)].map(
    ({ method, path: url }) => `${method.toUpperCase()} ${plainPath(url)}`,
  ),
);

describe('docs/PROTOCOL.md', () => {
  it('has every route of v1 and v2, and no other', () => {
    const described = new Set(rows.map(({ door }) => door));
    expect([...described].sort()).toEqual([...doors].sort());
  });

  it.each(rows)('$door has a handler that exists', ({ door, handler }) => {
    const [, file = '', name = ''] = /^(?:[\d., ]+|end-[\w, -]+|token) · `([\w-]+\.ts)` `(\w+)`$/.exec(handler) ?? [];
    const surface = / \/v2\b/.test(door) ? 'v2' : 'v1';
    const source = readFileSync(path.join(ROOT, 'src', 'surfaces', surface, file), 'utf8');
    expect(source).toContain(`export const ${name}:`);
  });

  it.each(rows)('$door names tests of its success and of its errors', ({ success, errors }) => {
    expect(success).toMatch(/\.test\.ts` "/);
    expect(errors).toMatch(/\.test\.ts` .*"|^none|^as /);
  });

  it('names only test files that exist, and tests that they have', () => {
    expect(references.length).toBeGreaterThan(60);
    expect(brokenReferences(references)).toEqual([]);
  });

  it('links only to pages that exist', () => {
    const links = [...page.matchAll(/\]\(([^)#]+)\)/g)].map(([, link = '']) => link);
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((link) => !/^https?:/.test(link) && !existsSync(path.join(ROOT, 'docs', link)))).toEqual([]);
  });
});
