import { readFileSync } from 'node:fs';
import path from 'node:path';

const LINES = readFileSync(path.join(__dirname, '../../CHANGELOG.md'), 'utf8').split('\n');
const KINDS = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];

it('has the form of Keep a Changelog: versions with dates, the newest first, and kinds of changes in their order', () => {
  expect(LINES[0]).toBe('# Changelog');
  const versions = LINES.filter((line) => line.startsWith('## '));
  expect(versions[0]).toBe('## [Unreleased]');
  for (const version of versions.slice(1)) expect(version).toMatch(/^## \[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d$/);
  for (const part of LINES.join('\n').split('\n## ').slice(1)) {
    const kinds = [...part.matchAll(/^### (.+)$/gm)].map(([, kind = '']) => kind);
    expect(kinds).toEqual(KINDS.filter((kind) => kinds.includes(kind)));
  }
});
