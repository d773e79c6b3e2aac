import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import { createChain } from '../helpers/images';
import { call, errorText } from '../helpers/registry-client';
import { createTestDatabase, type TestDatabase } from '../helpers/test-database';
import { addUser, startTestServer, type TestServer } from '../helpers/test-server';
import { openPull, pulledFrom, pullThrough, pushThrough } from '../protocol/two-hosts/client';

/* A registry of another index as an operator starts it: by `DRYDOCK_INDEX_URL`, with two workers. */

let index: TestServer;
let registry: ChildServer;
let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  const registryEndpoints: string[] = [];
  index = await startTestServer({ settings: { registryEndpoints } });
  await addUser(index, 'alice');
  database = await createTestDatabase();
  folder = await mkdtemp(path.join(tmpdir(), 'drydock-registry-'));
  registry = await startChildServer({
    DATABASE_URL: database.url,
    DRYDOCK_DATA_DIR: folder,
    DRYDOCK_INDEX_URL: index.url,
    DRYDOCK_WORKERS: '2',
  });
  registryEndpoints.push(new URL(registry.url).host);
});
afterAll(async () => {
  await registry.end('SIGTERM');
  await index.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

it('an image is pushed and pulled through the index and its registry', async () => {
  const hosts = { index, registry };
  const chain = createChain(3);
  await pushThrough(hosts, 'alice/app', chain);
  expect(await pullThrough(hosts, 'alice/app')).toEqual(pulledFrom(chain));
});

it('a registry refuses a token that its index did not sign', async () => {
  const authorization = (await openPull(index, 'alice/app')).replace(/signature=../, 'signature=00');
  const { status, text } = await call(registry, 'get', '/v1/repositories/alice/app/tags', { authorization });
  expect([status, text]).toEqual([401, errorText('Requires authorization')]);
});
