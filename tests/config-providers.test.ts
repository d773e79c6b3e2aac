import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigError, readConfig } from '../src/config';
import { settingsOf } from '../src/runtime';

const providers = (env: Record<string, string>) => settingsOf(readConfig(env)).gitProviders;
const GITHUB = { DRYDOCK_GITHUB_CLIENT_ID: 'a1', DRYDOCK_GITHUB_CLIENT_SECRET: 'secret' };
const GITEA = { DRYDOCK_GITEA_CLIENT_ID: 'd1', DRYDOCK_GITEA_CLIENT_SECRET: 'secret' };

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'drydock-config-'))));
afterEach(() => rmSync(folder, { recursive: true }));

it('has no git provider by default', () => {
  expect(providers({})).toEqual([]);
});

it('has the public site of a provider, and several providers at once', () => {
  expect(providers({ ...GITHUB, ...GITEA, DRYDOCK_GITEA_URL: 'https://git.example.com/' })).toEqual([
    { kind: 'github', baseUrl: 'https://github.com', clientId: 'a1', clientSecret: 'secret' },
    { kind: 'gitea', baseUrl: 'https://git.example.com', clientId: 'd1', clientSecret: 'secret' },
  ]);
});

it('reads the secret of a client from a file', () => {
  const file = path.join(folder, 'secret');
  writeFileSync(file, 'from a file\n');
  const [github] = providers({ ...GITHUB, DRYDOCK_GITHUB_CLIENT_SECRET: `file:${file}` });
  expect(github?.clientSecret).toBe('from a file');
});

it.each<[string, Record<string, string>, string]>([
  ['an id without a secret', { DRYDOCK_GITLAB_CLIENT_ID: 'c1' }, 'DRYDOCK_GITLAB_CLIENT_SECRET: '],
  ['a Gitea without its address', GITEA, 'DRYDOCK_GITEA_URL: '],
  ['a file that is not there', { ...GITHUB, DRYDOCK_GITHUB_CLIENT_SECRET: 'file:/nowhere/x' }, 'cannot be read'],
  ['an address with a query', { ...GITHUB, DRYDOCK_GITHUB_URL: 'https://git.example.com/?a=b' }, 'without a query'],
])('refuses %s', (_, env, part) => {
  expect(() => readConfig(env)).toThrow(ConfigError);
  expect(() => readConfig(env)).toThrow(part);
});
