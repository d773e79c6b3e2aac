import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { runAlone } from '../../../src/platform/jobs/job-lock';
import type { Job } from '../../../src/platform/jobs/queue';
import { startWorker, type Worker } from '../../../src/platform/jobs/worker';
import { createLogger } from '../../../src/platform/log/logger';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';
import { waitUntil } from '../../helpers/wait-until';

const NEVER = '0 0 31 2 *';
const OFTEN = { everyMs: 50, graceMs: 50 };
const BUILT = path.join(__dirname, '../../../dist/src/platform');

let database: TestDatabase;
let workers: Worker[];
let children: ChildProcess[];
beforeEach(async () => {
  database = await createTestDatabase();
  workers = [];
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(workers.map((worker) => worker.stop()));
  await database.drop();
});

async function start(...jobs: Job[]): Promise<void> {
  workers.push(await startWorker(database.connection, jobs, createLogger('silent'), { abandoned: OFTEN }));
}

const add = (name = 'job') => database.db.raw('select graphile_worker.add_job(?)', [name]);

/** The jobs in the queue, and the workers that have them. */
async function queue(): Promise<{ id: string; holder: string | null }[]> {
  return database.db('graphile_worker.jobs').select('id', 'locked_by as holder').orderBy('id');
}

/** The locks of runs in Postgres. */
const LOCKS = `pg_locks join pg_database on pg_database.oid = database
  where locktype = 'advisory' and classid = 7301003 and datname = current_database()`;

/** A run ends before its lock, which ends with a connection. Until then the next run is skipped. */
async function isLocked(): Promise<boolean> {
  const { rows } = await database.db.raw<{ rows: unknown[] }>(`select from ${LOCKS}`);
  return rows.length > 0;
}

/** Another process, in which jobs never end. */
async function startEndless(): Promise<ChildProcess> {
  const script = `
    const { startWorker } = require('${BUILT}/jobs/worker.js');
    const { createLogger } = require('${BUILT}/log/logger.js');
    const run = () => { console.log('begun'); return new Promise(() => undefined); };
    const jobs = [{ name: 'job', schedule: '${NEVER}', run }, { name: 'other', run }];
    void startWorker(${JSON.stringify(database.connection)}, jobs, createLogger('silent')).then(() => console.log('up'));`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  expect(String((await once(child.stdout, 'data'))[0])).toBe('up\n');
  return child;
}

/** Adds a job to the queue, and waits until that process has begun it; what it prints before anybody listens would be lost. */
async function begin(child: ChildProcess, adding: () => PromiseLike<unknown>): Promise<void> {
  const begun = once(child.stdout!, 'data');
  await adding();
  await begun;
}

it('a job is run by another process when its process was killed, and not before (R30)', async () => {
  const child = await startEndless();
  await begin(child, () => add());
  let runs = 0;
  await start({ name: 'job', schedule: NEVER, run: async () => void (runs += 1) });
  const [held] = await queue();
  await sleep(20 * OFTEN.everyMs); // enough checks while a job is running
  expect(await queue()).toEqual([held]);
  expect(runs).toBe(0);
  child.kill('SIGKILL');
  await waitUntil('an empty queue', async () => (await queue()).length === 0);
  expect(runs).toBe(1);
});

it('the jobs of a killed process are given back also while another one runs a job of the same name (R30)', async () => {
  const child = await startEndless();
  await begin(child, () => add());
  await begin(child, () => add('other'));
  child.kill('SIGKILL');
  await once(child, 'exit');
  const pool = new pg.Pool({ ...database.connection, ssl: false, max: 1 });
  const job = { name: 'job', runner: 'another' };
  let runs = 0;
  const hasRun = await runAlone(pool, job, new AbortController().signal, async () => {
    await start({ name: 'other', run: async () => void (runs += 1) });
    await waitUntil('a run', () => runs === 1);
  }).finally(() => pool.end());
  expect({ hasRun, runs }).toEqual({ hasRun: true, runs: 1 });
});

it('a job that is queued again under its key after its process was killed is run once, and leaves nothing (R30)', async () => {
  const addWithKey = () => database.db.raw(`select graphile_worker.add_job('job', job_key => 'key')`);
  const child = await startEndless();
  await begin(child, () => addWithKey());
  child.kill('SIGKILL');
  await once(child, 'exit');
  await addWithKey();
  let runs = 0;
  await start({ name: 'job', isAlone: true, run: async () => void (runs += 1) });
  await waitUntil('an empty queue', async () => (await queue()).length === 0);
  expect(runs).toBe(1);
});

it('the same if the transaction that queues it again began before the job (R30)', async () => {
  const addWithKey = (db = database.db) => db.raw(`select graphile_worker.add_job('job', job_key => 'key')`);
  const again = await database.db.transaction();
  await again.raw('select now()'); // the time of all that it does
  const child = await startEndless();
  await begin(child, () => addWithKey());
  child.kill('SIGKILL');
  await once(child, 'exit');
  await addWithKey(again);
  await again.commit();
  let runs = 0;
  await start({ name: 'job', isAlone: true, run: async () => void (runs += 1) });
  await waitUntil('an empty queue', async () => (await queue()).length === 0);
  expect(runs).toBe(1);
});

it('two processes never run a job at once, even if the queue gives it to both (R31)', async () => {
  let running = 0;
  let most = 0;
  let runs = 0;
  let end = (): void => undefined;
  const mayEnd = new Promise<void>((resolve) => (end = resolve));
  const job: Job = {
    name: 'job',
    schedule: NEVER,
    run: async () => {
      runs += 1;
      running += 1;
      most = Math.max(most, running);
      await mayEnd;
      running -= 1;
    },
  };
  await start(job);
  await start(job);
  await add();
  await waitUntil('a run', () => runs === 1);
  const [first] = await queue();
  for (let turn = 0; turn < 4; turn += 1) await add();
  await waitUntil('a queue of one job', async () => (await queue()).length === 1); // the other runs were skipped
  // The queue does the same by itself when a job takes more than four hours.
  await database.db.raw('select graphile_worker.force_unlock_workers(array[?]::text[])', [first!.holder]);
  await waitUntil('an empty queue', async () => (await queue()).length === 0);
  expect({ runs, most }).toEqual({ runs: 1, most: 1 });
  end();
  await waitUntil('the end of the lock', async () => running === 0 && !(await isLocked()));
  await add();
  await waitUntil('another run', () => runs === 2);
  expect(most).toBe(1);
});

it('a job that loses its lock has to stop, and is run again (R31)', async () => {
  const told: boolean[] = [];
  let runs = 0;
  const run = async (stopping: AbortSignal): Promise<void> => {
    runs += 1;
    if (runs > 1) return;
    await once(stopping, 'abort');
    told.push(true);
  };
  await start({ name: 'job', schedule: NEVER, run });
  await add();
  await waitUntil('a run', () => runs === 1);
  await database.db.raw(`select pg_terminate_backend(pid) from ${LOCKS}`);
  await waitUntil('another run', () => runs === 2);
  expect(told).toEqual([true]);
});
