import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { OPERATOR_ACTOR } from '../src/features/access/actor';
import { collectGarbageNow } from '../src/features/maintenance/at-once';
import { finishDeletions } from '../src/features/repositories/deletion';
import { enqueue } from '../src/platform/jobs/queue';
import { createImage, pushImages, startPush, uploadImage } from './helpers/images';
import { call, reply } from './helpers/registry-client';
import { addUser, basic, startTestServer, type TestServer } from './helpers/test-server';

/*
 * The clocks of the hosts and of the database may differ. All times of rows come from the database, so SQL decides
 * whether something is old or has expired: `agoSql` and `inSql` take a duration, never a point in time.
 */

const ROOT = path.join(__dirname, '..');
const MINUTE_MS = 60_000;

/**
 * The files below features, surfaces and jobs that read the host's clock, with the reason. A new one belongs here only
 * if its time is never compared with a time from the database.
 */
const READS_THE_HOSTS_CLOCK: Readonly<Record<string, string>> = {
  'features/accounts/access-tokens.ts': 'a date that a user chose must lie ahead; whether it is over is asked in SQL',
  'features/accounts/login-ticket.ts': 'tickets are signed and read by hosts only',
  'features/accounts/security-notices.ts': 'is told in a mail',
  'features/storage/comparison.ts': 'bytes have their times from hosts and stores',
  'features/storage/sweeps.ts': 'files have their times from hosts',
  'features/backups/back-up.ts': 'is shown, and names a folder',
  'features/images/tar/budget.ts': 'how long unpacking has taken',
  'features/openid/claims.ts': 'how long ago the clock of a provider says that a login was',
  'features/openid/sealed.ts': 'is sealed and read by hosts only',
  'features/oauth/model.ts': 'turns moments of the library into how long, and back',
  'features/statistics/statistics.ts': 'which days a chart shows',
  'features/tokens/bearer-token.ts': 'tokens are signed and read by hosts only',
  'features/tokens/token.ts': 'tokens are signed and read by hosts only',
  'features/webhooks/callbacks.ts': 'is shown',
  'features/webhooks/delivery.ts': 'is shown',
  'features/webhooks/push-deliveries.ts': 'is told to a receiver',
  'jobs.ts': 'files have their times from hosts',
  'surfaces/v2/token.ts': 'says in an answer when a token was issued',
  'surfaces/api/endpoints/statistics.ts': 'which days a chart shows',
  'surfaces/cli/audit.ts': 'what a user types as "2h" is shown from there on',
  'surfaces/cli/progress.ts': 'how often progress is printed',
  'surfaces/cli/token.ts': 'a date that a user chose',
  'surfaces/v1/replies.ts': 'a header for caches',
  'surfaces/web/components/access-tokens.tsx': 'a date that a user chose, and what is shown of it',
  'surfaces/web/components/quantities.tsx': 'is shown',
};

async function sources(): Promise<string[]> {
  const entries = await readdir(path.join(ROOT, 'src'), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => path.relative(path.join(ROOT, 'src'), path.join(entry.parentPath, entry.name)))
    .filter((file) => /^(features|surfaces)\/|^jobs\.ts$/.test(file));
}

it('no file reads the clock of its host except those with a reason', async () => {
  const readers: string[] = [];
  for (const file of await sources()) {
    const text = await readFile(path.join(ROOT, 'src', file), 'utf8');
    if (/\bnew Date\(\)|\bDate\.now\(\)/.test(text)) readers.push(file);
  }
  expect(readers.filter((file) => !(file in READS_THE_HOSTS_CLOCK))).toEqual([]);
});

it('no store takes a point in time to compare a time of a row with', async () => {
  const stores = (await sources()).filter((file) => file.endsWith('.store.ts'));
  expect(stores.length).toBeGreaterThan(30);
  for (const file of stores) {
    const text = await readFile(path.join(ROOT, 'src', file), 'utf8');
    expect([file, text.match(/\b(before|olderThan|now): Date\b/g)]).toEqual([file, null]);
  }
});

describe.each([
  ['ahead of', 5],
  ['behind', -5],
])('on a host whose clock is five minutes %s the database', (_, minutes) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
    await addUser(server, 'alice');
    // Only `Date` changes: sockets and the pool work as usual.
    jest.useFakeTimers({
      now: Date.now() + minutes * MINUTE_MS,
      advanceTimers: true,
      doNotFake: [
        'hrtime',
        'nextTick',
        'performance',
        'queueMicrotask',
        'setImmediate',
        'clearImmediate',
        'setInterval',
        'clearInterval',
        'setTimeout',
        'clearTimeout',
      ],
    });
  });
  afterAll(async () => {
    jest.useRealTimers();
    await server.close();
  });

  it('gc frees images that are older than three minutes, and no younger ones (R46, R222)', async () => {
    const [running, fresh, old] = [createImage(), createImage(), createImage()];
    await pushImages(server, 'alice/app', [old]);
    await pushImages(server, 'alice/app', [fresh]);
    await call(server, 'delete', '/v1/repositories/alice/app/tags/latest', { authorization: basic('alice') });
    await server.ctx.db.raw(
      `update repository_images set announced_at = announced_at - interval '4 minutes' where image_id = ?`,
      [old.id],
    );
    const token = await startPush(server, 'alice/app', [running]);
    await uploadImage(server, token, running);
    await collectGarbageNow(server.ctx, OPERATOR_ACTOR, { olderThanMs: 3 * MINUTE_MS, dryRun: false });
    const left = await server.ctx.db('repository_images').pluck('image_id');
    expect(left.sort()).toEqual([running.id, fresh.id].sort());
    const path = '/v1/repositories/alice/app/tags/latest';
    expect(await reply(call(server, 'put', path, { authorization: token, body: `"${running.id}"` }))).toEqual([
      200,
      'true',
    ]);
  });

  it('a deletion that has waited long enough is finished, and no other (R222)', async () => {
    for (const name of ['early', 'late']) await startPush(server, `alice/${name}`, []);
    await server.ctx.db.raw(
      `update repositories set state = 'deleting',
         deleting_since = now() - case name when 'early' then interval '4 minutes' else interval '2 minutes' end
       where name in ('early', 'late')`,
    );
    await finishDeletions(server.ctx, 3 * MINUTE_MS);
    expect(await server.ctx.db('repositories').whereIn('name', ['early', 'late']).pluck('name')).toEqual(['late']);
  });

  it('a delayed job waits for exactly its delay (R222)', async () => {
    await server.ctx.db.transaction((tx) => enqueue(tx, 'clock', {}, { afterMs: 90_000 }));
    const { rows } = await server.ctx.db.raw<{ rows: object[] }>(
      `select extract(epoch from run_at - created_at)::float8 as seconds from graphile_worker.jobs
       where task_identifier = 'clock'`,
    );
    expect(rows).toEqual([{ seconds: 90 }]);
  });
});
