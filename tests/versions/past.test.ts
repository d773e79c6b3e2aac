import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { z } from 'zod';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import { createDataDir, removeDataDir } from '../helpers/data-dir';
import { createChain, pushImages } from '../helpers/images';
import { startCommand } from '../helpers/run-command';
import { basic } from '../helpers/test-server';

/*
 * This version on data directories of earlier ones, with the Postgres in them. Each was left by a server of that
 * version that was stopped; `scripts/make-past-data.mjs` creates another. A Postgres of another major version cannot
 * open them: when the embedded one changes, so do the steps of an upgrade for operators, and these tests show it.
 */

const FOLDER = path.join(__dirname, 'past');
const imageSchema = z.object({ id: z.string(), json: z.base64(), layer: z.string() });
const pastSchema = z.object({
  commit: z.string(),
  date: z.string(),
  passwords: z.record(z.string(), z.string()),
  accessToken: z.object({ username: z.string(), token: z.string() }),
  tags: z.array(
    z.object({
      repository: z.string(),
      tag: z.string(),
      readers: z.array(z.string()),
      strangers: z.array(z.string()),
      chain: z.array(imageSchema),
    }),
  ),
  history: z.object({ repository: z.string(), tag: z.string(), images: z.array(z.string()) }),
  webhook: z.object({ repository: z.string(), name: z.string(), urls: z.array(z.string()) }),
});
const VERSIONS = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => path.parse(file).name);

const readPast = (version: string) =>
  pastSchema.parse(JSON.parse(readFileSync(path.join(FOLDER, `${version}.json`), 'utf8')));
type Past = z.infer<typeof pastSchema>;

describe.each(VERSIONS)('the data directory of %s', (version) => {
  let past: Past;
  let dataDir: string;
  let server: ChildServer;
  beforeAll(async () => {
    past = readPast(version);
    dataDir = await createDataDir('past');
    const tar = brotliDecompressSync(readFileSync(path.join(FOLDER, `${version}.tar.br`)));
    expect(spawnSync('tar', ['-x', '-C', dataDir], { input: tar }).status).toBe(0);
    const environment = { DRYDOCK_DATA_DIR: dataDir };
    const migrated = await startCommand(['migrate'], environment).ended;
    expect([migrated.code, migrated.stderr]).toEqual([0, '']);
    expect((await startCommand(['migrate'], environment).ended).stdout).toBe('The schema is up to date.\n');
    server = await startChildServer({ ...environment, DRYDOCK_WORKERS: '2' });
  });
  afterAll(async () => {
    await server.end('SIGTERM');
    await removeDataDir(dataDir);
  });

  const credentials = (user: string): string => basic(user, past.passwords[user] ?? '');

  async function get(where: string, authorization: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${server.url}${where}`, { headers: { Authorization: authorization, ...headers } });
  }

  async function getJson(where: string, authorization: string): Promise<unknown> {
    return (await get(where, authorization)).json();
  }

  it('all accounts log in with their earlier passwords, and by access token (R96)', async () => {
    for (const user of Object.keys(past.passwords)) {
      const response = await get('/v1/users/', credentials(user));
      expect([user, response.status]).toEqual([user, 200]);
    }
    const { username, token } = past.accessToken;
    expect((await get('/v1/users/', basic(username, token))).status).toBe(200);
    expect((await get('/v1/users/', basic(username, 'another-one'))).status).toBe(401);
  });

  it('every tag can be pulled whole, and private ones by users with access (R96)', async () => {
    for (const { repository, tag, readers, strangers, chain } of past.tags) {
      const open = (user: string): Promise<Response> =>
        get(`/v1/repositories/${repository}/images`, credentials(user), { 'X-Docker-Token': 'true' });
      for (const user of strangers)
        expect([repository, user, (await open(user)).status]).toEqual([repository, user, 404]);
      for (const user of readers) {
        const token = `Token ${(await open(user)).headers.get('x-docker-token')}`;
        const top = chain.at(-1)?.id;
        expect(await getJson(`/v1/repositories/${repository}/tags/${tag}`, token)).toBe(top);
        const ids = chain.map(({ id }) => id).reverse();
        expect(await getJson(`/v1/images/${top}/ancestry`, token)).toEqual(ids);
        for (const { id, json, layer } of chain) {
          expect(await (await get(`/v1/images/${id}/json`, token)).text()).toBe(Buffer.from(json, 'base64').toString());
          const bytes = Buffer.from(await (await get(`/v1/images/${id}/layer`, token)).arrayBuffer());
          expect(createHash('sha256').update(bytes).digest('hex')).toBe(layer);
        }
      }
    }
  });

  it('the history of tags, teams and webhooks are kept (R96)', async () => {
    const { history, webhook } = past;
    const events = await getJson(`/api/v1.1/repositories/${history.repository}/tag-history/`, credentials('alice'));
    const [now, before] = history.images;
    expect((events as { results: unknown[] }).results).toContainEqual(
      expect.objectContaining({ tag: history.tag, from: before, to: now }),
    );
    const hooks = await getJson(`/api/v1.1/repositories/${webhook.repository}/webhooks/`, credentials('alice'));
    expect(JSON.stringify(hooks)).toContain(webhook.urls[0]);
    const members = await getJson('/api/v1.1/orgs/acme/teams/builders/members/', credentials('alice'));
    expect(JSON.stringify(members)).toContain('bobby');
  });

  it('images can be pushed on top of the earlier ones (R96)', async () => {
    const chain = createChain(2);
    const { url } = server;
    const headers = { Authorization: credentials('alice'), 'Content-Type': 'application/json' };
    const body = JSON.stringify({ password: 'alicepw' });
    const changed = await fetch(`${url}/v1/users/alice/`, { method: 'PUT', headers, body });
    expect(changed.status).toBe(204);
    await pushImages(server, 'alice/app', chain, { tag: 'now' });
    expect(await getJson('/v1/repositories/alice/app/tags/now', basic('alice', 'alicepw'))).toBe(chain.at(-1)?.id);
  });
});
