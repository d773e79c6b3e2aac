import { Logger as WorkerLogger, run, type Runner } from 'graphile-worker';
import pg from 'pg';
import type { DbConnection } from '../db/db';
import type { Logger } from '../log/logger';

/** Work that goes on behind the requests. It may run twice, on any process, and must not mind. */
export interface Job {
  /** names it in the queue */
  readonly name: string;
  /** when it runs by itself, in cron's five fields, UTC; each run happens on one process */
  readonly schedule: string;
  readonly run: () => Promise<void>;
}

/** A process that takes jobs. */
export interface Worker {
  /** Resolves when the running jobs have ended. */
  stop(): Promise<void>;
}

const CONNECTIONS = 4;

function openPool(connection: DbConnection, log: Logger): pg.Pool {
  const pool = new pg.Pool({
    ...(typeof connection === 'string' ? { connectionString: connection } : { ...connection, ssl: false }),
    max: CONNECTIONS,
  });
  const onLost = (error: Error): void => {
    log.warn({ err: error }, 'a connection of the job queue was lost');
  };
  pool.on('error', onLost);
  pool.on('connect', (client) => client.on('error', onLost));
  return pool;
}

function toWorkerLogger(log: Logger): WorkerLogger {
  return new WorkerLogger(() => (levelName, message) => {
    const level: string = levelName;
    if (level === 'error') log.error({ part: 'jobs' }, message);
    else if (level === 'warning') log.warn({ part: 'jobs' }, message);
    else log.debug({ part: 'jobs' }, message);
  });
}

/** Starts taking jobs from the queue in Postgres. */
export async function startWorker(connection: DbConnection, jobs: readonly Job[], log: Logger): Promise<Worker> {
  const pool = openPool(connection, log);
  let runner: Runner;
  try {
    runner = await run({
      pgPool: pool,
      concurrency: 2,
      noHandleSignals: true,
      logger: toWorkerLogger(log),
      taskList: Object.fromEntries(jobs.map((job) => [job.name, () => job.run()])),
      crontab: jobs.map((job) => `${job.schedule} ${job.name}`).join('\n'),
    });
  } catch (error) {
    await pool.end();
    throw error;
  }
  return {
    stop: async () => {
      await runner.stop();
      await pool.end();
    },
  };
}
