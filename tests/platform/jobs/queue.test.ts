import pg from 'pg';
import pino from 'pino';
import { z } from 'zod';
import { inTransaction } from '../../../src/platform/db/db';
import { migrate } from '../../../src/platform/db/migrate';
import { runAlone } from '../../../src/platform/jobs/job-lock';
import { enqueue, queuedJob, type Job } from '../../../src/platform/jobs/queue';
import { startWorker } from '../../../src/platform/jobs/worker';
import { createLogger } from '../../../src/platform/log/logger';
import { recordingLogger } from '../../helpers/log-lines';
import { makeJobsDue, queuedJobs, runDueJobs } from '../../helpers/run-jobs';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';
import { waitUntil } from '../../helpers/wait-until';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

/** Records its payload, and fails if the payload says so. */
function noting(): { job: Job; noted: string[] } {
  const noted: string[] = [];
  const job = queuedJob('note', z.object({ text: z.string(), fails: z.boolean().default(false) }), async (payload) => {
    noted.push(payload.text);
    if (payload.fails) throw new Error('it would not be noted');
  });
  return { job, noted };
}

it('a job queued in a transaction runs exactly once, after the commit, with its payload (R33)', async () => {
  const { job, noted } = noting();
  await runDueJobs(database, [job]); // the first to name a job makes the others wait for the end of its transaction
  await inTransaction(database.db, async (tx) => {
    await enqueue(tx, 'note', { text: 'Ahoi – "quoted" \\ 😀' });
    await runDueJobs(database, [job]);
    expect(noted).toEqual([]);
  });
  await runDueJobs(database, [job]);
  await runDueJobs(database, [job]);
  expect(noted).toEqual(['Ahoi – "quoted" \\ 😀']);
  expect(await queuedJobs(database)).toEqual([]);
});

it('a job queued in a transaction that is rolled back never runs (R33)', async () => {
  const failing = inTransaction(database.db, async (tx) => {
    await enqueue(tx, 'note', { text: 'never' });
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(await queuedJobs(database)).toEqual([]);
});

it('a job runs no earlier than its time, and replaces a waiting one with the same key', async () => {
  const { job, noted } = noting();
  const runAt = new Date(Date.now() + 3_600_000);
  await enqueue(database.db, 'note', { text: 'later' }, { runAt });
  await enqueue(database.db, 'note', { text: 'first' }, { key: 'one' });
  await enqueue(database.db, 'note', { text: 'second' }, { key: 'one' });
  await runDueJobs(database, [job]);
  expect(noted).toEqual(['second']);
  expect(await queuedJobs(database)).toMatchObject([{ payload: { text: 'later' }, attempts: 0 }]);
});

it('a failed job runs again, after growing delays, and is logged when it is given up (R32)', async () => {
  const { job, noted } = noting();
  const lines: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
  await enqueue(database.db, 'note', { text: 'again', fails: true }, { maxAttempts: 2 });
  await runDueJobs(database, [job], log);
  expect(await queuedJobs(database)).toMatchObject([{ attempts: 1, lastError: 'it would not be noted', isDue: false }]);
  await runDueJobs(database, [job], log);
  expect(noted).toEqual(['again']);
  expect(lines).toEqual([]);
  await makeJobsDue(database);
  await runDueJobs(database, [job], log);
  await makeJobsDue(database);
  await runDueJobs(database, [job], log);
  expect(noted).toEqual(['again', 'again']);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { job: 'note', attempts: 2, err: { message: 'it would not be noted' } },
  ]);
});

it('a job whose payload violates its schema fails, and its work does not start', async () => {
  const { job, noted } = noting();
  await enqueue(database.db, 'note', { text: 7 });
  await runDueJobs(database, [job]);
  expect(noted).toEqual([]);
  expect(await queuedJobs(database)).toMatchObject([{ attempts: 1, lastError: expect.stringContaining('text') }]);
});

it('a worker takes jobs without a schedule as well as those with one', async () => {
  let done: (text: string) => void = () => undefined;
  const ran = new Promise<string>((resolve) => (done = resolve));
  const jobs: Job[] = [
    { name: 'yearly', schedule: '0 0 1 1 *', run: async () => undefined },
    queuedJob('note', z.object({ text: z.string() }), async ({ text }) => done(text)),
  ];
  const worker = await startWorker(database.connection, jobs, createLogger('silent'));
  try {
    await enqueue(database.db, 'note', { text: 'taken' });
    expect(await ran).toBe('taken');
  } finally {
    await worker.stop();
  }
});

it('a long job with a schedule that is queued during a run is tried again, and a run by its schedule is skipped', async () => {
  let runs = 0;
  const job: Job = { name: 'long', schedule: '0 0 1 1 *', isAlone: true, run: async () => void (runs += 1) };
  const pool = new pg.Pool({ ...database.connection, ssl: false, max: 1 });
  await runAlone(pool, { name: 'long', runner: 'another' }, new AbortController().signal, async () => {
    await enqueue(database.db, 'long', { _cron: { ts: '2026-01-01T00:00:00Z' } });
    await enqueue(database.db, 'long', {}, { key: 'long' });
    await runDueJobs(database, [job]);
  });
  await pool.end();
  expect(runs).toBe(0);
  expect(await queuedJobs(database)).toMatchObject([
    // One that fails while it is queued again under its key would stay in the queue for ever.
    { name: 'long', payload: {}, attempts: 0, lastError: null, isDue: false },
  ]);
  await enqueue(database.db, 'long', {}, { key: 'long' });
  expect(await queuedJobs(database)).toMatchObject([{ attempts: 0, isDue: true }]);
  await makeJobsDue(database);
  await runDueJobs(database, [job]);
  expect(runs).toBe(1);
});

it('a job that is tried again because it is running is not an error in the log', async () => {
  let end = (): void => undefined;
  const mayEnd = new Promise<void>((resolve) => (end = resolve));
  const job: Job = { name: 'long', isAlone: true, run: () => mayEnd };
  const { log, lines } = recordingLogger('info');
  const worker = await startWorker(database.connection, [job], log);
  try {
    await enqueue(database.db, 'long', {});
    await enqueue(database.db, 'long', {});
    await waitUntil('a job that is tried again', async () =>
      (await queuedJobs(database)).some(({ lastError }) => lastError !== null),
    );
  } finally {
    end();
    await worker.stop();
  }
  const logged = lines.map((line) => JSON.parse(line) as { level: number; job?: string; msg: string });
  expect(logged).toEqual([
    expect.objectContaining({ level: 30, job: 'long', msg: 'this job is already running, tried again later' }),
  ]);
});

it('the queue exists once an empty database was migrated, even by two processes at once', async () => {
  const empty = await createTestDatabase('template1');
  try {
    await Promise.all([migrate(empty.db), migrate(empty.db)]);
    await enqueue(empty.db, 'note', { text: 'there' });
    expect(await queuedJobs(empty)).toMatchObject([{ name: 'note', payload: { text: 'there' } }]);
  } finally {
    await empty.drop();
  }
});
