import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { FORBIDDEN_WORDS, forbiddenWordsIn, proseOfMarkdown } from './forbidden-words';
import { commentsOf, titlesOf } from './prose-of-code';

const ROOT = path.join(__dirname, '..', '..');

function read(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

/** The TypeScript files of a folder, and of the folders in it. */
function filesIn(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => path.join(folder, name));
}

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'bench/RESULTS.md',
  'tests/protocol/traces/README.md',
  ...readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join('docs', name)),
];

const SETTINGS = ['.env.example', 'Dockerfile', 'docker-compose.yml', 'deploy/nginx.conf', 'package.json'];

/** The folders whose comments are held to the list. In the tests, so are the titles. */
const COMMENTED = ['src', 'bench', 'seeds', 'tests'];

/** Every text that is held to the list; another kind of file is another entry. */
const TEXTS = [
  ...PAGES.map((file) => ({ file, prose: proseOfMarkdown(read(file)) })),
  ...SETTINGS.map((file) => ({ file, prose: read(file) })),
  ...COMMENTED.flatMap((folder) => filesIn(folder)).map((file) => ({ file, prose: commentsOf(read(file)) })),
  ...filesIn('tests').map((file) => ({ file, prose: titlesOf(read(file)) })),
];

describe('the list of words in CONTRIBUTING.md', () => {
  it('is read', () => {
    expect(FORBIDDEN_WORDS).toEqual(expect.arrayContaining(['whoever', 'is no', 'of the site']));
  });

  it('matches whole words in any case, and phrases across lines', () => {
    const text = 'Whoever pushes\n# is told of it in the\n# place of others; his tag is no image';
    expect(forbiddenWordsIn(text)).toEqual(['1: whoever', '2: is told', '2: in the place of', '3: his', '3: is no']);
  });

  it('allows "there is no" and "no longer", and does not look into words', () => {
    expect(forbiddenWordsIn('There is\nno history here, and the tag is no longer the same')).toEqual([]);
  });

  it('does not apply to code and quotations', () => {
    const page = 'A `stranger` reads "anew,\nwhoever it is".\n\n```\nhe\n```\n\nThe rest is anew.';
    expect(forbiddenWordsIn(proseOfMarkdown(page))).toEqual(['8: anew']);
  });
});

describe('of code,', () => {
  const code = [
    'const a = `// anew`; /* whoever',
    ' * is */ const b = /\\/\\* his/; // somebody, and `him`',
    "it.each([1])('goes on anew', () => he);",
    'describe(`meanwhile ${a}`, () => "besides");',
  ].join('\n');

  it('the comments are read, and nothing that looks like one', () => {
    expect(forbiddenWordsIn(commentsOf(code))).toEqual(['1: whoever', '2: somebody']);
  });

  it('the titles of tests are read, and no other text', () => {
    expect(forbiddenWordsIn(titlesOf(code))).toEqual(['3: anew', '4: meanwhile']);
  });
});

it.each(TEXTS)('$file uses no forbidden word', ({ prose }) => {
  expect(forbiddenWordsIn(prose)).toEqual([]);
});
