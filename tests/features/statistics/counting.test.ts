import { randomUUID } from 'node:crypto';
import type { Context } from '../../../src/context';
import { countActivity, forgetSources, saveActivity, type Activity } from '../../../src/features/statistics/counting';
import { CountBuffer, type Count, type CountBatch } from '../../../src/platform/counts/count-buffer';
import { migrate } from '../../../src/platform/db/migrate';
import { openDb, type Db } from '../../../src/platform/db/db';
import { startOwnPostgres } from '../../helpers/own-postgres';
import { createTestContext } from '../../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

const DAY = '2016-01-31';
const ENGINE = 'docker/1.5.0 go/go1.4.1 git-commit/a8a31ef kernel/3.13.0-43-GENERIC os/linux arch/amd64';

let database: TestDatabase;
let ctx: Context;
beforeAll(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.db);
});
afterAll(() => database.drop());
beforeEach(() => database.db('repositories').delete());

async function addRepository(name: string, db: Db = database.db): Promise<number> {
  const [row] = await db('repositories').insert({ namespace: 'library', name }).returning('id');
  return (row as { id: number }).id;
}

const batch = (counts: Count<Activity>[], number = 1, source = randomUUID()): CountBatch<Activity> => ({
  source,
  number,
  day: DAY,
  counts,
});
const pulls = (subject: number, label: string | undefined, pull = 1): Count<Activity> => ({
  subject,
  label,
  times: { pull },
});
const rows = (db: Db = database.db) =>
  db('repository_activity')
    .select('repository_id', db.raw('day::text'), 'engine', 'kernel', 'pulls', 'pushes')
    .orderBy(['repository_id', 'engine', 'kernel']);
const sum = async (db: Db = database.db): Promise<number> =>
  (await rows(db)).reduce((total: number, row: { pulls: number }) => total + row.pulls, 0);

describe('saving counts', () => {
  it('also adds them to the totals of their repositories', async () => {
    const [first, second] = [await addRepository('first'), await addRepository('second')];
    const pushes: Count<Activity> = { subject: first, label: '', times: { push: 5 } };
    await saveActivity(ctx, batch([pulls(first, ENGINE, 2), pulls(first, ''), pulls(second, ''), pushes]));
    await saveActivity(ctx, { ...batch([pulls(second, '', 7), pulls(999_999, '')]), day: '2016-02-01' });
    const source = randomUUID();
    for (let turn = 0; turn < 2; turn += 1) await saveActivity(ctx, batch([pulls(second, '', 1)], 1, source));
    expect(await database.db('repository_totals').orderBy('repository_id')).toEqual([
      { repository_id: first, pulls: 3, pushes: 5 },
      { repository_id: second, pulls: 9, pushes: 0 },
    ]);
  });

  it('adds to the counts of the day, by version and kernel', async () => {
    const id = await addRepository('app');
    const counts: Count<Activity>[] = [
      { subject: id, label: ENGINE, times: { pull: 2, push: 1 } },
      pulls(id, ENGINE.replace('1.4.1', '1.4.2')),
      pulls(id, 'curl/7.35.0'),
      pulls(id, ''),
      pulls(id, undefined),
      pulls(id, 'docker/<script> kernel/x'),
    ];
    for (let turn = 0; turn < 2; turn += 1) await saveActivity(ctx, batch(counts));
    const row = { repository_id: id, day: DAY, pushes: 0 };
    expect(await rows()).toEqual([
      { ...row, engine: '', kernel: '', pulls: 4 },
      { ...row, engine: '1.5.0', kernel: '3.13.0-43-generic', pulls: 6, pushes: 2 },
      { ...row, engine: 'other', kernel: '', pulls: 4 },
    ]);
  });

  it('does not count a saved batch again if its answer was lost (R37)', async () => {
    const id = await addRepository('app');
    let isAnswered = false;
    const buffer = new CountBuffer<Activity>(async (saved) => {
      await saveActivity(ctx, saved);
      if (!isAnswered) throw new Error('the answer is lost');
    }, ctx.log);
    buffer.add('pull', id, ENGINE);
    await expect(buffer.flush()).rejects.toThrow('the answer is lost');
    buffer.add('pull', id, ENGINE);
    isAnswered = true;
    await buffer.flush();
    expect(await sum()).toBe(2);
  });

  it('counts a batch once that is sent several times at once', async () => {
    const id = await addRepository('app');
    const source = randomUUID();
    for (const number of [1, 2]) {
      await Promise.all(Array.from({ length: 8 }, () => saveActivity(ctx, batch([pulls(id, ENGINE)], number, source))));
      expect(await sum()).toBe(number);
    }
  });

  it('drops the counts of a repository that is gone, and keeps the others', async () => {
    const [gone, kept] = [await addRepository('gone'), await addRepository('kept')];
    await database.db('repositories').where({ id: gone }).delete();
    await saveActivity(ctx, batch([pulls(gone, ENGINE), pulls(kept, ENGINE), pulls(gone, '')]));
    expect(await rows()).toMatchObject([{ repository_id: kept, pulls: 1 }]);
  });

  it('neither fails nor hangs during deletions and work of other processes', async () => {
    for (let round = 0; round < 15; round += 1) {
      const ids = [];
      for (let index = 0; index < 6; index += 1) ids.push(await addRepository(`r${round}-${index}`));
      const counts = ids.flatMap((id) => [pulls(id, ENGINE), pulls(id, '')]);
      const flushes = [counts, [...counts].reverse(), counts].map((each) => saveActivity(ctx, batch(each)));
      const kept = ids.slice(0, 3);
      const deleting = database.db('repositories').whereNotIn('id', kept).delete();
      await Promise.all([...flushes, deleting]);
      const left = (await rows()) as { repository_id: number; pulls: number }[];
      expect(left.map((row) => [row.repository_id, row.pulls])).toEqual(kept.flatMap((id) => Array(2).fill([id, 3])));
      await database.db('repositories').delete();
    }
  });

  it('gives a repository at most some 500 rows a day, and counts the rest as other', async () => {
    const id = await addRepository('app');
    let expected = 0;
    for (let round = 0; round < 8; round += 1) {
      const counts = Array.from({ length: 100 }, (_, index) => pulls(id, `docker/1.${round}.${index}`));
      await saveActivity(ctx, batch([...counts, pulls(id, 'docker/1.0.0')]));
      expected += 101;
      expect(await sum()).toBe(expected);
    }
    const after = (await rows()) as { engine: string; pulls: number }[];
    expect(after.length).toBeLessThanOrEqual(501);
    expect(after.find(({ engine }) => engine === 'other')?.pulls).toBe(300);
    expect(after.find(({ engine }) => engine === '1.0.0')?.pulls).toBe(9);
  });

  it('deletes the records of processes that ended long ago, and no others', async () => {
    const [old, current] = [randomUUID(), randomUUID()];
    for (const source of [old, current]) await saveActivity(ctx, batch([], 1, source));
    await database
      .db('activity_sources')
      .where({ source: old })
      .update({ saved_at: new Date(0) });
    await forgetSources(ctx, 1000);
    const left = await database.db('activity_sources').whereIn('source', [old, current]);
    expect(left).toMatchObject([{ source: current }]);
  });
});

it('clients that are not docker are counted by name and version', async () => {
  const id = await addRepository('app');
  const clients = ['containers/5.39.2 (github.com/containers/image)', 'Buildah/1.43.2', 'crane/v0.20.7', 'curl/8.5.0'];
  for (const userAgent of clients) countActivity(ctx, 'pull', id, userAgent);
  countActivity(ctx, 'pull', id, 'docker/28.5.2 go/go1.24 kernel/6.1.0 os/linux arch/amd64 UpstreamClient(x)');
  await ctx.activity.flush();
  expect(await rows()).toMatchObject([
    { engine: '', kernel: '', pulls: 1 },
    { engine: '28.5.2', kernel: '6.1.0', pulls: 1 },
    { engine: 'buildah/1.43.2', kernel: '', pulls: 1 },
    { engine: 'containers/5.39.2', kernel: '', pulls: 1 },
    { engine: 'crane/0.20.7', kernel: '', pulls: 1 },
  ]);
});

it('a User-Agent that no engine sends is counted, but not stored', async () => {
  const id = await addRepository('app');
  for (const userAgent of [undefined, 'x'.repeat(10_000), ENGINE]) countActivity(ctx, 'pull', id, userAgent);
  await ctx.activity.flush();
  expect(await rows()).toMatchObject([
    { engine: '', pulls: 1 },
    { engine: '1.5.0', pulls: 1 },
    { engine: 'other', pulls: 1 },
  ]);
});

it('while Postgres is down, counts are kept, and saved once it is back (R37)', async () => {
  const postgres = await startOwnPostgres();
  const db = openDb(postgres.connection);
  try {
    await migrate(db);
    const id = await addRepository('app', db);
    const away = createTestContext(db);
    countActivity(away, 'pull', id, ENGINE);
    await postgres.stopFast();
    await expect(away.activity.flush()).rejects.toMatchObject({ code: 'unavailable' });
    countActivity(away, 'pull', id, ENGINE);
    await postgres.start();
    await away.activity.stop();
    expect(await sum(db)).toBe(2);
  } finally {
    await db.destroy();
    await postgres.remove();
  }
});
