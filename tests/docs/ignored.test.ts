import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '../..');

/** Folders that a build, a run or a test creates. */
const WRITTEN = ['dist/', 'data/', 'coverage/'];

it('each entry of .prettierignore exists', () => {
  const entries = readFileSync(path.join(ROOT, '.prettierignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && !WRITTEN.includes(line));
  expect(entries).toContain('tests/routes.txt');
  expect(entries.filter((entry) => !existsSync(path.join(ROOT, entry)))).toEqual([]);
});
