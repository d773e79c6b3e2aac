import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureTokenKey } from '../../src/features/accounts/token-key';
import { appendLog } from '../../src/features/builds/build-log';
import { claimBuild } from '../../src/features/builds/running';
import { createRepository } from '../../src/features/repositories/creation';
import { getAdministered } from '../../src/features/repositories/get-repository';
import { queueOf } from '../helpers/builds';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import { EventStream } from '../helpers/event-stream';
import { describeInstalled, isInstalled } from '../helpers/installed';
import { startNginx } from '../helpers/nginx';
import { addPerson } from '../helpers/people';
import { createTestContext } from '../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../helpers/test-database';

/* The live log of a build, of a server in a process of its own. */

let database: TestDatabase;
let hub: ChildServer;
let write: (text: string) => Promise<boolean>;
let events: string;
beforeAll(async () => {
  database = await createTestDatabase();
  const ctx = createTestContext(database.db);
  (await ensureTokenKey(ctx)).copy(ctx.tokenKey);
  const alice = await addPerson(ctx, 'alice');
  const name = { namespace: 'alice', name: 'app' };
  await createRepository(ctx, alice, name, 'public');
  const { id: buildId } = await queueOf(ctx, await getAdministered(ctx, alice, name));
  const holder = { buildId, builder: 'host:1' };
  await claimBuild(ctx, holder);
  write = (text) => appendLog(ctx, holder, text);
  await write('first\n');
  const dataDir = mkdtempSync(path.join(tmpdir(), 'hub-'));
  hub = await startChildServer({ DATABASE_URL: database.url, DRYDOCK_DATA_DIR: dataDir });
  events = `/r/alice/app/builds/${buildId}/events/`;
});
afterAll(() => database.drop());

describeInstalled(isInstalled('nginx', '-v'), 'through an nginx that collects answers', () => {
  it('lines arrive while the build runs', async () => {
    const { port } = new URL(hub.url);
    const proxy = await startNginx(
      (listen) => `server { listen 127.0.0.1:${listen}; location / { proxy_pass http://127.0.0.1:${port}; } }`,
    );
    const stream = new EventStream(`${proxy.url}${events}`);
    expect(await stream.has('first')).toBe(true);
    await write('second\n');
    expect(await stream.has('second')).toBe(true);
    stream.close();
    await proxy.close();
  });
});

it('a server that stops ends it, and waits for no client (R332)', async () => {
  const stream = new EventStream(`${hub.url}${events}`);
  expect(await stream.has('first')).toBe(true);
  const code = await hub.end('SIGTERM');
  await stream.ended;
  expect([code, stream.isWhole]).toEqual([0, true]);
});
