import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import request from 'supertest';
import { FilesystemBlobStore } from '../../src/blobs/filesystem';
import { OPERATOR_ACTOR } from '../../src/features/access/actor';
import { collectGarbageNow } from '../../src/features/maintenance/at-once';
import { sweep } from '../../src/jobs';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import { startCommand } from '../helpers/run-command';
import { createTestContext } from '../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../helpers/test-database';
import { passwordOf } from '../helpers/test-server';
import { createChains, pullEverything, runFleet, type Deeds } from '../reliability/fleet';
import { NOTHING_LEFT, recount } from '../reliability/recount';
import { MINUTES, print } from './minutes';
import { residentMegabytes } from './processes';

/*
 * A mixed load on a server of two processes, for DRYDOCK_SOAK_MINUTES (10 by default): logins, pushes, pulls that are
 * compared byte for byte, searches, tags that are moved and deleted, and at the same time gc and scrub by the command
 * line.
 */

const CLIENTS = 12;
const USERS = ['alice', 'bobby', 'carol', 'daisy', 'edgar', 'frank'];
const MIX = { push: 4, pull: 10, deleteTag: 1, search: 3, login: 3 };
/** Longer than a push takes, so that gc keeps what a running one has announced. */
const GC_HOURS = '0.01';
const PAUSE_MS = 5000;

let database: TestDatabase;
let dataDir: string;
let server: ChildServer;

beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = await mkdtemp(path.join(tmpdir(), 'drydock-soak-'));
  server = await startChildServer({ ...environment(), DRYDOCK_WORKERS: '2' });
  for (const username of USERS) {
    const account = { username, password: passwordOf(username), email: `${username}@example.com` };
    await request(server.url).post('/v1/users/').send(account).expect(201);
  }
});
afterAll(async () => {
  await server.end('SIGTERM');
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

function environment(): Record<string, string> {
  return { DATABASE_URL: database.url, DRYDOCK_DATA_DIR: dataDir };
}

async function run(...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await startCommand(args, environment()).ended;
  if (code !== 0) throw new Error(`drydock ${args.join(' ')} ended with ${String(code)}: ${stdout}${stderr}`);
}

function report(deeds: Deeds, requests: number, statuses: ReadonlyMap<number, number>): void {
  print(`requests           ${requests}`);
  for (const [status, count] of [...statuses].sort(([a], [b]) => a - b)) print(`  ${status || 'cut off'}   ${count}`);
  print(`pushes             ${deeds.pushes}`);
  print(`images verified    ${deeds.imagesVerified}`);
  print(`tags deleted       ${deeds.deletions}`);
  print(`searches, logins   ${deeds.searches}, ${deeds.logins}`);
  print(`errors             ${[...deeds.errors.values()].reduce((sum, count) => sum + count, 0)}`);
  for (const [kind, count] of deeds.errors) print(`  ${count}  ${kind}`);
}

it(
  `${MINUTES} minutes of everything at once cause no error, and leave every tag whole and nothing behind`,
  async () => {
    const pid = server.process.pid ?? 0;
    const startMegabytes = residentMegabytes(pid);
    const startedAt = Date.now();
    const isOver = (): boolean => Date.now() - startedAt > MINUTES * 60_000;
    const chains = createChains(512 * 1024);
    const statuses = new Map<number, number>();
    let requests = 0;
    let slowestMs = 0;
    let peakMegabytes = startMegabytes;
    const watch = async (): Promise<void> => {
      for (let minute = 1; !isOver(); minute += 1) {
        while (!isOver() && Date.now() - startedAt < minute * 60_000) await sleep(500);
        const megabytes = residentMegabytes(pid);
        peakMegabytes = Math.max(peakMegabytes, megabytes);
        print(`minute ${minute}: ${requests} requests, ${megabytes} MiB`);
      }
    };
    const upkeep = async (): Promise<void> => {
      for (; !isOver(); await sleep(PAUSE_MS)) {
        await run('gc', '--older-than', GC_HOURS);
        await run('scrub', '--rate', '0');
      }
    };
    const observe = (_: unknown, { status, ms }: { status: number; ms: number }): void => {
      requests += 1;
      slowestMs = Math.max(slowestMs, ms);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    };
    const fleet = { users: USERS, urls: [server.url], clients: CLIENTS, chains, mix: MIX, observe, isOver };
    const [deeds] = await Promise.all([runFleet(fleet), upkeep(), watch()]);
    report(deeds, requests, statuses);
    print(`slowest request    ${slowestMs} ms`);
    print(
      `memory             ${startMegabytes} MiB at the start, ${residentMegabytes(pid)} at the end, ${peakMegabytes} at most`,
    );

    const ctx = createTestContext(database.db, { blobs: new FilesystemBlobStore(path.join(dataDir, 'blobs')) });
    const { tags, wrong } = await pullEverything(server.url, USERS, chains);
    print(`tags at the end    ${tags}, wrong ${wrong.length}`);
    expect({ errors: Object.fromEntries(deeds.errors), wrong }).toEqual({ errors: {}, wrong: [] });
    await expect(recount(ctx.db, path.join(dataDir, 'blobs'))).resolves.toMatchObject({ uploads: 0, brokenTags: 0 });
    await collectGarbageNow(ctx, OPERATOR_ACTOR, { olderThanMs: 0, dryRun: false });
    await sweep(ctx, 1);
    expect(await recount(ctx.db, path.join(dataDir, 'blobs'))).toEqual(NOTHING_LEFT);
  },
  (MINUTES + 5) * 60_000,
);
