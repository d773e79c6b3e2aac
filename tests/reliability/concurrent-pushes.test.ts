import { setTimeout as sleep } from 'node:timers/promises';
import { OPERATOR_ACTOR } from '../../src/features/access/actor';
import { collectGarbageNow } from '../../src/features/maintenance/at-once';
import { scrub } from '../../src/features/storage/scrub';
import { sweep } from '../../src/jobs';
import { ABANDONED_AFTER_HOURS } from '../../src/features/pushes/living-pushes-sql';
import { startSibling } from '../helpers/sibling-server';
import { addUser, startTestServer, type TestServer } from '../helpers/test-server';
import { createChains, pullEverything, runFleet } from './fleet';
import { NOTHING_LEFT, recount } from './recount';

const CLIENTS = 16;
const USERS = ['alice', 'bobby', 'carol', 'daisy'];
const DURATION_MS = 20_000;
const HOUR_MS = 3_600_000;

let server: TestServer;
let sibling: Awaited<ReturnType<typeof startSibling>>;
beforeAll(async () => {
  server = await startTestServer();
  sibling = await startSibling(server);
  for (const user of USERS) await addUser(server, user);
});
afterAll(async () => {
  await sibling.close();
  await server.close();
});

function addressOf(listening: typeof sibling.server): string {
  const address = listening.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen');
  return `http://127.0.0.1:${address.port}`;
}

it('overlapping pushes of 16 clients during gc, sweeps and scrubs leave every tag whole, and a recount finds nothing else (R36)', async () => {
  const { ctx } = server;
  const chains = createChains(64 * 1024);
  const endAt = Date.now() + DURATION_MS;
  let freed = 0;
  let scrubbed = 0;
  // On a busy machine it takes longer until there is any garbage.
  const isOver = (): boolean => Date.now() >= endAt && freed > 0 && scrubbed > 0;
  const upkeep = async (): Promise<void> => {
    while (!isOver()) {
      for (const { images } of await collectGarbageNow(ctx, OPERATOR_ACTOR, { olderThanMs: 0, dryRun: false }))
        freed += images;
      await sweep(ctx, HOUR_MS);
      const found = await scrub(ctx, { olderThanMs: 0, bytesPerSecond: undefined });
      expect(found.damaged).toEqual([]);
      scrubbed += found.layers;
      await sleep(200);
    }
  };
  const mix = { push: 5, pull: 3, deleteTag: 1, search: 0, login: 0 };
  const urls = [server.url, addressOf(sibling.server)];
  const [deeds] = await Promise.all([
    runFleet({ users: USERS, urls, clients: CLIENTS, chains, mix, isOver }),
    upkeep(),
  ]);

  expect(Object.fromEntries(deeds.errors)).toEqual({});
  // How many there are depends on the machine.
  expect(deeds.pushes).toBeGreaterThan(0);
  expect(deeds.imagesVerified).toBeGreaterThan(0);

  const before = await pullEverything(server.url, USERS, chains);
  expect(before.wrong).toEqual([]);
  expect(before.tags).toBeGreaterThan(USERS.length);
  // No finished push left an attempt, and none lost its bytes.
  expect(await recount(ctx.db, server.blobDir)).toMatchObject({
    uploads: 0,
    brokenTags: 0,
    damaged: 0,
    missingFiles: [],
    unfinished: [],
  });
  // Gc kept no safety margin, so everything that remains was left since its last run, or is kept for a push whose end
  // was mistaken for that of another push of the same account. Such a push shows no more activity, and is given up.
  await ctx.db.raw(`update pushes set seen_at = seen_at - interval '${ABANDONED_AFTER_HOURS + 1} hours'`);
  await collectGarbageNow(ctx, OPERATOR_ACTOR, { olderThanMs: 0, dryRun: false });
  await sweep(ctx, 1);
  expect(await recount(ctx.db, server.blobDir)).toEqual(NOTHING_LEFT);
  await expect(pullEverything(server.url, USERS, chains)).resolves.toEqual(before);
});
