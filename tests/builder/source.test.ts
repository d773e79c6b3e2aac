import { randomBytes } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createBuildFolder, removeBuildFolder, type BuildFolder } from '../../src/builder/sandbox/build-folder';
import { readCloneUrl, writeCloneUrl } from '../../src/builder/source/clone-url';
import { fetchSource, type Commit, type Source } from '../../src/builder/source/fetch-source';
import { findBuildInput } from '../../src/builder/source/inside';
import { addressRule } from '../../src/platform/http/address-rules';
import { canBuild, ensureBuildUser } from '../helpers/build-user';
import {
  createGitRepository,
  createGitRoot,
  startGitDaemon,
  startGitHttp,
  type GitServer,
} from '../helpers/git-server';
import { describeInstalled, isInstalled } from '../helpers/installed';
import { startNginx } from '../helpers/nginx';
import type { Proxy } from '../helpers/proxy-process';

const MIB = 2 ** 20;
const ALL = ['https', 'http', 'ssh', 'git'] as const;

describe('the URL of a source', () => {
  it.each([
    ['https://example.com/a/b.git', 'https://example.com:443/a/b.git'],
    ['http://example.com:8080/~a/b', 'http://example.com:8080/~a/b'],
    ['ssh://git@example.com:2222/a/b', 'ssh://git@example.com:2222/a/b'],
    ['git@example.com:a/b.git', 'ssh://git@example.com:22/a/b.git'],
    ['git://[2001:db8::1]/a', 'git://[2001:db8::1]:9418/a'],
  ])('%s is read', (url, written) => expect(writeCloneUrl(readCloneUrl(url, ALL))).toBe(written));

  it.each([
    '--upload-pack=touch /tmp/x',
    '-oProxyCommand=touch /tmp/x',
    'ssh://-oProxyCommand=x/a',
    'ssh://git@-oProxyCommand=x/a',
    'ssh://-oUser=x@example.com/a',
    '-oX@example.com:a',
    'example.com:-oX',
    'ext::sh -c touch% /tmp/x',
    'fd::17',
    'file:///etc',
    '/etc',
    '../a',
    'https://user:password@example.com/a',
    'https://token@example.com/a',
    'https://example.com/a?b',
    'https://example.com/a;touch x',
    'https://example.com/$(touch x)',
    'https://example.com/a\nb c',
    'ssh://git@example.com/a`b`',
    'ftp://example.com/a',
    'javascript:alert(1)',
    '',
  ])('%j is refused, or has lost what git would take for an option (R309)', (url) => {
    let written = '';
    try {
      written = writeCloneUrl(readCloneUrl(url, ALL));
    } catch (error) {
      expect((error as Error).message).toBe('The URL of the source is not one of https, ssh, http or git.');
    }
    expect(written).not.toMatch(/[^a-zA-Z0-9:/.@%-]|:\/\/-|@-/);
  });

  it('is only of a protocol that the operator allows', () => {
    expect(() => readCloneUrl('git://example.com/a', ['https', 'ssh'])).toThrow(
      'Sources are not fetched over git here, only over https, ssh.',
    );
  });
});

describe('the Dockerfile and context of a source', () => {
  const outside = mkdtempSync(path.join(tmpdir(), 'outside-'));
  const source = mkdtempSync(path.join(tmpdir(), 'source-'));
  writeFileSync(path.join(outside, 'Dockerfile'), 'FROM secret');
  mkdirSync(path.join(source, 'web'));
  writeFileSync(path.join(source, 'web', 'Dockerfile'), 'FROM a');
  symlinkSync(path.join(outside, 'Dockerfile'), path.join(source, 'Dockerfile.link'));
  symlinkSync('../../../../../../etc/passwd', path.join(source, 'web', 'Dockerfile.up'));
  symlinkSync('web/Dockerfile', path.join(source, 'Dockerfile'));
  symlinkSync(outside, path.join(source, 'out'));
  symlinkSync('loop', path.join(source, 'loop'));
  symlinkSync('/dev/zero', path.join(source, 'zero'));

  it('may be links inside, and a folder means the Dockerfile in it', async () => {
    const found = { dockerfile: 'web/Dockerfile', text: 'FROM a' };
    expect(await findBuildInput(source, 'Dockerfile', '.')).toEqual({ ...found, context: '' });
    expect(await findBuildInput(source, '/web', 'web/')).toEqual({ ...found, context: 'web' });
    expect(await findBuildInput(source, '../../web/Dockerfile', '/../web')).toEqual({ ...found, context: 'web' });
  });

  it.each([
    ['Dockerfile.link', '/', 'The Dockerfile Dockerfile.link is a link that leads out of the source.'],
    ['web/Dockerfile.up', '/', 'The Dockerfile web/Dockerfile.up is a link that leads out of the source.'],
    ['out', '/', 'The Dockerfile out is a link that leads out of the source.'],
    ['zero', '/', 'The Dockerfile zero is a link that leads out of the source.'],
    ['Dockerfile', 'out', 'The context out is a link that leads out of the source.'],
    ['Dockerfile', 'web/Dockerfile', 'The context web/Dockerfile is not a folder.'],
    ['none', '/', 'The source has no Dockerfile none.'],
    ['loop', '/', 'The source has no Dockerfile loop.'],
  ])('%s with context %s is refused (R308)', async (dockerfile, context, sentence) => {
    await expect(findBuildInput(source, dockerfile, context)).rejects.toThrow(sentence);
  });
});

describeInstalled(canBuild() && isInstalled('nginx', '-v', 'nginx-light'), 'fetching a source', () => {
  const user = ensureBuildUser();
  const root = createGitRoot();
  const app = createGitRepository(root);
  const limits = { timeMs: 60_000, logBytes: MIB, diskBytes: 100 * MIB, memoryBytes: 500 * MIB, processes: 200 };
  const log: string[] = [];
  let first: string;
  let newest: string;
  let folder: BuildFolder;
  let server: GitServer;
  let nginx: Proxy;

  beforeAll(async () => {
    first = app.commit({ Dockerfile: 'FROM one' }, 'The first');
    app.git('tag', 'v1');
    app.git('push', '--quiet', 'origin', 'v1');
    newest = app.commit({ Dockerfile: 'FROM two', 'web/file': 'x' }, 'The newest\n\nwith more');
    server = await startGitHttp(root);
    const { port } = new URL(server.url);
    nginx = await startNginx(
      (listen) => `server { listen 127.0.0.1:${listen}; location / { proxy_pass http://127.0.0.1:${port}; } }`,
    );
  });
  afterAll(() => Promise.all([server.close(), nginx.close()]));
  beforeEach(async () => {
    log.length = 0;
    folder = await createBuildFolder(path.join(tmpdir(), 'builds-from-source'), user);
  });
  afterEach(() => removeBuildFolder(folder.path, user));

  function fetchIt(
    source: Partial<Source>,
    options: { allowed?: string[]; timeMs?: number; diskBytes?: number } = {},
  ): Promise<Commit> {
    const { allowed = ['127.0.0.1', '::1'], ...changed } = options;
    return fetchSource(
      { url: `${nginx.url}/app.git`, refType: 'branch', refName: 'main', credential: undefined, ...source },
      { protocols: ALL, addresses: addressRule(allowed), knownHosts: undefined },
      { folder, user, limits: { ...limits, ...changed } },
      (chunk) => void log.push(chunk.toString()),
      new AbortController().signal,
    );
  }
  const fetched = (file: string): string => readFileSync(path.join(folder.fetched, 'source', file), 'utf8');

  it('fetches the newest commit of a branch through nginx, without history', async () => {
    const commit = await fetchIt({});
    expect(commit).toMatchObject({ id: newest, author: 'Ann Author', message: 'The newest\n\nwith more' });
    expect(fetched('Dockerfile')).toBe('FROM two');
    expect(readdirSync(path.join(folder.fetched, 'source')).sort()).toEqual(['Dockerfile', 'web']);
  });

  it('fetches a tag from git daemon', async () => {
    const daemon = await startGitDaemon(root);
    try {
      const commit = await fetchIt({ url: `${daemon.url}/app.git`, refType: 'tag', refName: 'v1' });
      expect(commit.id).toBe(first);
      expect(fetched('Dockerfile')).toBe('FROM one');
    } finally {
      await daemon.close();
    }
  });

  it('fetches a private source with its token, which no log has (R314)', async () => {
    const login = 'robot:ghp_very-secret';
    const closed = await startGitHttp(root, { login });
    try {
      const url = `${closed.url}/app.git`;
      await expect(fetchIt({ url })).rejects.toThrow('The branch main could not be fetched; the log says why.');
      const [username = '', token = ''] = login.split(':');
      expect((await fetchIt({ url, credential: { kind: 'token', username, token } })).id).toBe(newest);
      expect(log.join('')).not.toMatch(/ghp_/);
    } finally {
      await closed.close();
    }
  });

  it('does not reach hosts of internal networks: not by address, by name or by redirect (R310)', async () => {
    const refused = /has no address on the open internet/;
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '169.254.169.254', '10.1.2.3', 'does-not-exist.invalid'])
      await expect(fetchIt({ url: `http://${host}:1/app.git` }, { allowed: [] })).rejects.toThrow(refused);
    const redirecting = await startGitHttp(root, { redirect: nginx.url });
    try {
      server.requests.length = 0;
      await expect(fetchIt({ url: `${redirecting.url}/app.git` })).rejects.toThrow('could not be fetched');
      expect(redirecting.requests).toHaveLength(1);
      expect(server.requests).toEqual([]);
    } finally {
      await redirecting.close();
    }
  });

  it('connects to the address that was checked, whatever the name is by then (R310)', async () => {
    const { port } = new URL(nginx.url);
    expect((await fetchIt({ url: `http://localhost:${port}/app.git` })).id).toBe(newest);
  });

  it.each(['-x', '--upload-pack=x', 'a..b', 'a b', 'a;b', 'a:b', '/a', 'a.lock', '@{1}', 'a^', ''])(
    'refuses the ref %j (R309)',
    (refName) => expect(fetchIt({ refName })).rejects.toThrow('A branch cannot have this name.'),
  );

  it('leaves submodules, hooks, filters and links of a hostile source as they are (R308, R309)', async () => {
    const evil = createGitRepository(root, 'evil.git');
    symlinkSync('/etc/passwd', path.join(evil.work, 'link'));
    evil.git('clone', '--quiet', app.folder, 'sub'); // `git add` makes a submodule of it
    evil.commit({
      '.gitmodules': `[submodule "sub"]\n path = sub\n url = ${app.folder}\n[submodule "ext"]\n path = ext\n url = ext::touch /build/x\n`,
      '.gitattributes': '* filter=evil\n',
      '.lfsconfig': '[lfs]\nurl = http://127.0.0.1:1/\n',
      Dockerfile: 'FROM scratch',
    });
    await fetchIt({ url: `${nginx.url}/evil.git` });
    expect(lstatSync(path.join(folder.fetched, 'source', 'link')).isSymbolicLink()).toBe(true);
    expect(readdirSync(path.join(folder.fetched, 'source', 'sub'))).toEqual([]);
    expect(existsSync(path.join(folder.fetched, 'git', 'hooks'))).toBe(false);
  });

  it('ends when the source is too large, or its server does not answer (R306, R307)', async () => {
    const large = createGitRepository(root, 'large.git');
    const noise = randomBytes(8 * MIB).toString('base64');
    large.commit({ noise });
    await expect(fetchIt({ url: `${nginx.url}/large.git` }, { diskBytes: 4 * MIB })).rejects.toThrow(
      /more than 4 MiB of disk|could not be fetched/,
    );
    const silent = net.createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    try {
      await expect(fetchIt({ url: `git://127.0.0.1:${port}/a` }, { timeMs: 1000 })).rejects.toThrow(
        'longer than 1 second',
      );
    } finally {
      silent.close();
    }
  });
});
