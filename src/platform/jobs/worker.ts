import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger as WorkerLogger, run, type Runner, type TaskList, type WorkerEvents } from 'graphile-worker';
import pg from 'pg';
import type { DbConnection } from '../db/db';
import type { Logger } from '../log/logger';
import type { Job } from './queue';

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

/** The jobs as the library has them. */
export function taskListOf(jobs: readonly Job[], stopping: AbortSignal): TaskList {
  return Object.fromEntries(jobs.map((job) => [job.name, (payload: unknown) => job.run(stopping, payload)]));
}

/** Each failure is in the library's log; one that nothing follows must be seen. */
export function reportingFailures(log: Logger): WorkerEvents {
  const events: WorkerEvents = new EventEmitter();
  events.on('job:failed', ({ job, error }) => {
    log.error(
      { err: error, job: job.task_identifier, attempts: job.attempts },
      'a job failed too often, it is given up',
    );
  });
  return events;
}

function crontabOf(jobs: readonly Job[]): string {
  return jobs.flatMap(({ name, schedule }) => (schedule === undefined ? [] : [`${schedule} ${name}`])).join('\n');
}

const RESTART_MS = 5000;

/** Starts taking jobs from the queue in Postgres, and again whenever an outage of Postgres has ended that. */
export async function startWorker(connection: DbConnection, jobs: readonly Job[], log: Logger): Promise<Worker> {
  const pool = openPool(connection, log);
  const stopping = new AbortController();
  const isStopping = (): boolean => stopping.signal.aborted;
  const begin = (): Promise<Runner> =>
    run({
      pgPool: pool,
      // One by one, a job that cannot be marked as done or failed would be a rejection that nobody handles.
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      concurrency: 2,
      noHandleSignals: true,
      logger: toWorkerLogger(log),
      events: reportingFailures(log),
      taskList: taskListOf(jobs, stopping.signal),
      crontab: crontabOf(jobs),
    });
  let runner: Runner | undefined;
  try {
    runner = await begin();
  } catch (error) {
    await pool.end();
    throw error;
  }
  const keepRunning = async (): Promise<void> => {
    for (;;) {
      // A job that could not be marked as done or failed ends the runner.
      await runner?.promise.catch((error: unknown) => log.warn({ err: error }, 'the job queue was lost'));
      runner = undefined;
      await sleep(RESTART_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (isStopping()) return;
      runner = await begin().catch((error: unknown) => {
        log.warn({ err: error }, 'cannot get the job queue back, will try again');
        return undefined;
      });
      // In between somebody may have asked to stop, and found no runner.
      if (isStopping()) await runner?.stop();
    }
  };
  const kept = keepRunning();
  return {
    stop: async () => {
      stopping.abort();
      await runner?.stop().catch((error: unknown) => log.debug({ err: error }, 'the job queue had stopped'));
      await kept;
      await pool.end();
    },
  };
}
