import { readFileSync } from 'node:fs';
import path from 'node:path';
import { brokenReferences, testReferences } from './references';

const page = readFileSync(path.join(__dirname, '..', '..', 'docs', 'RELIABILITY.md'), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('|') && !/^\| *(threat|what can happen|-+)/.test(line));

describe('docs/RELIABILITY.md', () => {
  it('names a test for every line', () => {
    expect(rows.length).toBeGreaterThan(25);
    for (const row of rows) expect(row).toMatch(/`tests\/[\w./-]+\.test\.ts` "/);
  });

  it('names only test files that exist, and tests that they have', () => {
    const references = testReferences(page, 'tests');
    expect(references.length).toBeGreaterThanOrEqual(rows.length);
    expect(brokenReferences(references)).toEqual([]);
  });
});
