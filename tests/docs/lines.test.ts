import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '..', '..');
const LONGEST = 140;

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join('docs', name)),
];

/**
 * Lines that are too long to read in a diff, except code blocks, and lines that a single link or code span makes long.
 */
function longLines(text: string): string[] {
  return text
    .replaceAll(/^```.*?^```$/gms, '')
    .split('\n')
    .filter((line) => line.length > LONGEST && !/^\s*(?:- )?(?:`[^`]*`|!?\[[^\]]*\]\([^)]*\))[.,;:]?$/.test(line));
}

it.each(PAGES)('%s has no line that is too long for a diff', (page) => {
  expect(longLines(readFileSync(path.join(ROOT, page), 'utf8'))).toEqual([]);
});
