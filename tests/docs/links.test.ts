import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '..', '..');

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.startsWith('reference'))
    .map((name) => path.join('docs', name)),
];

function withoutCode(text: string): string {
  return text.replaceAll(/^```.*?^```$/gms, '').replaceAll(/`[^`\n]*`/g, 'code');
}

/** The anchors of a page: its headings, as sites that show it name them. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.replaceAll(/^```.*?^```$/gms, '').matchAll(/^#+ (.*)$/gm)];
  return new Set(
    headings.map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\s-]/g, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );
}

/** The links to other pages of this project that lead nowhere. */
function brokenLinks(page: string, text: string): string[] {
  const links = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? page : path.join(path.dirname(page), file);
    if (!existsSync(path.join(ROOT, target))) return true;
    return anchor !== undefined && !anchorsOf(readFileSync(path.join(ROOT, target), 'utf8')).has(anchor);
  });
}

it('a link to a missing page or heading is found', () => {
  const text =
    '[a](CONTRIBUTING.md#words) [b](docs/NONE.md) [c](README.md#none) `[d](none)` [e](https://example.com/none)';
  expect(brokenLinks('README.md', text)).toEqual(['docs/NONE.md', 'README.md#none']);
});

it.each(PAGES)('%s has no broken link', (page) => {
  expect(brokenLinks(page, readFileSync(path.join(ROOT, page), 'utf8'))).toEqual([]);
});
