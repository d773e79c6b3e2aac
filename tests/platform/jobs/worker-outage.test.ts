import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { startWorker } from '../../../src/platform/jobs/worker';
import { createLogger } from '../../../src/platform/log/logger';
import { startOwnPostgres, type OwnPostgres } from '../../helpers/own-postgres';
import { waitUntil } from '../../helpers/wait-until';

const NEVER = '0 0 31 2 *';

/** Adds jobs to the queue on a connection of its own, as the pool may be lost. */
async function add(postgres: OwnPostgres, name: string): Promise<void> {
  const client = new Client({ ...postgres.connection, ssl: false });
  await client.connect();
  await client.query('select graphile_worker.add_job($1)', [name]);
  await client.end();
}

const OFTEN = { everyMs: 100, graceMs: 100 };

it('the job queue continues after an outage of Postgres during a job (R29)', async () => {
  const postgres = await startOwnPostgres();
  let startLong: () => void = () => undefined;
  let endLong: () => void = () => undefined;
  let wasToldToStop = false;
  let longRuns = 0;
  let quickRuns = 0;
  const longStarted = new Promise<void>((resolve) => (startLong = resolve));
  const longMayEnd = new Promise<void>((resolve) => (endLong = resolve));
  const jobs = [
    {
      name: 'long',
      schedule: NEVER,
      run: async (stopping: AbortSignal) => {
        longRuns += 1;
        startLong();
        if (longRuns > 1) return;
        await longMayEnd;
        wasToldToStop = stopping.aborted;
      },
    },
    {
      name: 'quick',
      schedule: NEVER,
      run: async () => {
        quickRuns += 1;
      },
    },
  ];
  const worker = await startWorker(postgres.connection, jobs, createLogger('silent'), { abandoned: OFTEN });
  try {
    await add(postgres, 'long');
    await longStarted;
    await postgres.stopFast();
    await sleep(1000);
    endLong(); // it cannot be marked as done
    await sleep(1000);
    await postgres.start();
    await add(postgres, 'quick');
    await waitUntil('both jobs', () => quickRuns > 0 && longRuns > 1);
    expect({ quickRuns, longRuns, wasToldToStop }).toEqual({ quickRuns: 1, longRuns: 2, wasToldToStop: true });
  } finally {
    await worker.stop();
    await postgres.remove();
  }
});

it('the job queue continues after an outage of Postgres in which several jobs have ended (R371)', async () => {
  const postgres = await startOwnPostgres();
  const runs: string[] = [];
  const endings = new Map<string, () => void>();
  const names = ['first', 'second', 'third', 'fourth'];
  const jobs = names.map((name) => ({
    name,
    schedule: NEVER,
    run: async () => {
      runs.push(name);
      if (runs.indexOf(name) < runs.lastIndexOf(name)) return;
      await new Promise<void>((resolve) => endings.set(name, resolve));
    },
  }));
  const worker = await startWorker(postgres.connection, jobs, createLogger('silent'), { abandoned: OFTEN });
  try {
    for (const name of names) await add(postgres, name);
    await waitUntil('the jobs', () => endings.size === jobs.length);
    await postgres.stopFast();
    for (const name of names) {
      await sleep(300);
      endings.get(name)?.(); // it cannot be marked, and the queue does so for each on its own
    }
    await sleep(300);
    await postgres.start();
    await waitUntil('their second runs', () => runs.length === 2 * jobs.length);
    expect([...runs].sort()).toEqual([...names, ...names].sort());
  } finally {
    await worker.stop();
    await postgres.remove();
  }
});
