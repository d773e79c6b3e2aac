import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { startWorker } from '../../../src/platform/jobs/worker';
import { createLogger } from '../../../src/platform/log/logger';
import { startOwnPostgres } from '../../helpers/own-postgres';

const NEVER = '0 0 31 2 *';

it('the job queue continues after an outage of Postgres during a job (R29)', async () => {
  const postgres = await startOwnPostgres();
  const add = async (name: string): Promise<void> => {
    const client = new Client({ ...postgres.connection, ssl: false });
    await client.connect();
    await client.query('select graphile_worker.add_job($1)', [name]);
    await client.end();
  };
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
  const often = { everyMs: 100, graceMs: 100 };
  const worker = await startWorker(postgres.connection, jobs, createLogger('silent'), { abandoned: often });
  try {
    await add('long');
    await longStarted;
    await postgres.stopFast();
    await sleep(1000);
    endLong(); // it cannot be marked as done
    await sleep(1000);
    await postgres.start();
    await add('quick');
    for (let attempt = 0; attempt < 300 && (quickRuns === 0 || longRuns === 1); attempt += 1) await sleep(100);
    expect({ quickRuns, longRuns, wasToldToStop }).toEqual({ quickRuns: 1, longRuns: 2, wasToldToStop: true });
  } finally {
    await worker.stop();
    await postgres.remove();
  }
});
