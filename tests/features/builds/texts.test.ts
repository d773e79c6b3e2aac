import { cleanLogText } from '../../../src/features/builds/log-text';
import { checkCloneUrl } from '../../../src/features/builds/clone-url';
import { isRefPattern, matchRef } from '../../../src/features/builds/rule-pattern';
import { isTagTemplate, tagForCommit, tagForRef } from '../../../src/features/builds/tag-template';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

describe('the URL of a source', () => {
  it.each([
    ['https://github.com/alice/app.git', 'https://github.com/alice/app.git'],
    [' https://git.example.com:8443/~alice/app ', 'https://git.example.com:8443/~alice/app'],
    ['git@github.com:alice/app.git', 'ssh://git@github.com/alice/app.git'],
    ['ssh://git@git.example.com:2222/app', 'ssh://git@git.example.com:2222/app'],
    ['git://127.0.0.1:9418/app', 'git://127.0.0.1:9418/app'],
  ])('%s is kept as %s', (text, url) => {
    expect(checkCloneUrl(text)).toBe(url);
  });

  it.each([
    '',
    'app',
    '/srv/git/app.git',
    'file:///srv/git/app.git',
    'ext::sh -c id',
    'https://alice:secret@github.com/alice/app',
    'https://token@github.com/alice/app',
    'ssh://git:secret@github.com/alice/app',
    'ssh://-oProxyCommand=id/app',
    'git@-oProxyCommand=id:app',
    '--upload-pack=id',
    'https://github.com/alice/--upload-pack=id',
    'https://github.com',
    'https://github.com/alice/app?x=1',
    'https://github.com/alice/app#x',
    'https://github.com/a b',
    'https://github.com/a\nb',
    'https://github.com/"id"',
    `https://github.com/${'a'.repeat(1000)}`,
  ])('%j is refused', (text) => {
    expect(() => checkCloneUrl(text)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});

describe('the pattern of a rule', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it.each([
    ['master', 'master', true],
    ['master', 'master2', false],
    ['release/*', 'release/1.0', true],
    ['v?', 'v1', true],
    ['v?', 'v12', false],
    [String.raw`/v\d+\.[0-9.]+/`, 'v1.0', true],
    ['/v[0-9.]+/', 'xv1.0', false],
    ['/v1|v2/', 'v2x', false],
    ['/v1|v2/', 'v2', true],
    [String.raw`/(.*)(.*)(.*)(.*)\4\3\2\1x/`, 'ab'.repeat(120), false],
  ])('%s and %s: %s', async (pattern, name, isMatch) => {
    expect(await isRefPattern(database.db, pattern)).toBe(true);
    expect(await matchRef(database.db, name, ['other', pattern])).toEqual([false, isMatch]);
  });

  it.each(['', '/(/', '/a\0/', '-x', 'a b', 'x'.repeat(256)])('%j is refused', async (pattern) => {
    expect(await isRefPattern(database.db, pattern)).toBe(false);
  });
});

describe('the tag of a rule', () => {
  it.each([
    ['latest', 'master', 'latest'],
    ['{ref}', 'feature/a+b', 'feature-a-b'],
    ['v-{ref}-{sha}', 'x', 'v-x-abcdef0'],
    ['{ref}', '.hidden', 'hidden'],
    ['{ref}-{sha}', 'r'.repeat(255), `${'r'.repeat(120)}-abcdef0`],
  ])('%s of %s is %s', (template, ref, tag) => {
    expect(isTagTemplate(template)).toBe(true);
    expect(tagForCommit(tagForRef(template, ref), 'abcdef0123456789')).toBe(tag);
  });

  it.each(['', '.x', 'a b', 'a/b', '{other}', 'x'.repeat(129)])('%j is refused', (template) => {
    expect(isTagTemplate(template)).toBe(false);
  });
});

describe('output of a build', () => {
  it.each([
    ['plain\r\nlines\r\n', 'plain\nlines\n'],
    ['10%\r20%\r100%\n', '100%\n'],
    ['\u001B[1;31mred\u001B[0m', '\u001B[1;31mred\u001B[0m'],
    ['\u001B[2J\u001B[Hgone', 'gone'],
    ['\u001B]0;title\u0007text', 'text'],
    ['\u001B]8;;http://evil.test\u001B\\link\u001B]8;;\u001B\\', 'link'],
    ['\u001B\u001B[2Jx', 'x'],
    ['a\0b\u0008c\u009B2Jd', 'abcd'],
    ['\u202Eright to left', 'right to left'],
    ['token s3cr3t@ and s3cr3t%40', 'token [secret] and [secret]'],
  ])('%j is stored as %j', (text, stored) => {
    expect(cleanLogText(text, ['s3cr3t@'])).toBe(stored);
  });
});
