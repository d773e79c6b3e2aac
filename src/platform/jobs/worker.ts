import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger as WorkerLogger, type Job as QueuedJob, type TaskList, type WorkerEvents } from 'graphile-worker';
import pg from 'pg';
import { clientOptions, type DbConnection } from '../db/db';
import type { Logger } from '../log/logger';
import { releaseAbandonedJobs, runAlone } from './job-lock';
import type { Job } from './queue';
import { startRunner, type StartedRunner } from './runner';

/** A process that takes jobs. */
export interface Worker {
  /** Resolves when the running jobs have ended. */
  stop(): Promise<void>;
}

/** Three jobs may take long, maintenance, a scrub, and reading layers; mail must not wait for them. */
const JOBS_AT_ONCE = 4;

/** Each running job has one, and the queue some more. */
const OTHER_CONNECTIONS = 4;

function openPool(connection: DbConnection, jobsAtOnce: number, log: Logger): pg.Pool {
  const pool = new pg.Pool({ ...clientOptions(connection), max: OTHER_CONNECTIONS + jobsAtOnce });
  const onLost = (error: Error): void => {
    log.warn({ err: error }, 'a connection of the job queue was lost');
  };
  pool.on('error', onLost);
  pool.on('connect', (client) => client.on('error', onLost));
  return pool;
}

/** Thrown so that the queue runs a job again later, which is not a failure. */
class AlreadyRunning extends Error {
  constructor(readonly job: string) {
    super(`the job ${job} is already running, it will be tried again`);
  }
}

const PUT_OFF = `select 1 from graphile_worker.add_job($1, $2::json, job_key => $3, job_key_mode => 'preserve_run_at',
  max_attempts => $4, run_at => now() + interval '3 seconds')`;

/**
 * Has a job tried again that is already running. One with a key is queued again under it: if it failed while a push queues
 * it, it would have lost its key and its attempts, and stay in the queue as failed for ever.
 *
 * @throws AlreadyRunning for a job without a key
 */
async function putOff(pool: pg.Pool, queued: QueuedJob, log: Logger): Promise<void> {
  const { task_identifier: name, payload, key, max_attempts: maxAttempts } = queued;
  if (key === null) throw new AlreadyRunning(name);
  await pool.query(PUT_OFF, [name, JSON.stringify(payload), key, maxAttempts]);
  log.info({ job: name }, TRIED_LATER);
}

const TRIED_LATER = 'this job is already running, tried again later';

function toWorkerLogger(log: Logger): WorkerLogger {
  return new WorkerLogger(() => (levelName, message, meta) => {
    const level: string = levelName;
    const error: unknown = meta?.['error'];
    if (error instanceof AlreadyRunning) log.info({ job: error.job }, TRIED_LATER);
    else if (level === 'error') log.error({ part: 'jobs' }, message);
    else if (level === 'warning') log.warn({ part: 'jobs' }, message);
    else log.debug({ part: 'jobs' }, message);
  });
}

/** Each failure is in the library's log. A job that will not be tried again must also be seen in ours. */
export function reportingFailures(log: Logger): WorkerEvents {
  const events: WorkerEvents = new EventEmitter();
  events.on('job:failed', ({ job, error }) => {
    log.error(
      { err: error, job: job.task_identifier, attempts: job.attempts },
      'a job failed too often and was given up',
    );
  });
  return events;
}

function crontabOf(jobs: readonly Job[]): string {
  return jobs.flatMap(({ name, schedule }) => (schedule === undefined ? [] : [`${schedule} ${name}`])).join('\n');
}

function isAlone(job: Job): boolean {
  return job.schedule !== undefined || job.isAlone === true;
}

/** The queue marks the runs that it adds by a schedule. */
function isFromSchedule(payload: unknown): boolean {
  return typeof payload === 'object' && payload !== null && '_cron' in payload;
}

const RESTART_MS = 5000;

/** How soon a job without a runner is given back to the queue. */
export interface AbandonedJobs {
  /** How often to look for such jobs. */
  readonly everyMs: number;
  /** How long a job may take from the queue to the start of its run. */
  readonly graceMs: number;
}

/** How a process takes jobs. */
export interface WorkerOptions {
  /** undefined: the usual times */
  readonly abandoned?: AbandonedJobs;
  /** undefined: as many as a server runs */
  readonly jobsAtOnce?: number;
}

const ABANDONED: AbandonedJobs = { everyMs: 60_000, graceMs: 60_000 };

/**
 * The function that the queue calls for each job. Only scheduled jobs and those marked as long run alone. Each run of
 * any other queued job has its own payload, so none may be skipped.
 */
export function taskListOf(pool: pg.Pool, jobs: readonly Job[], stopping: AbortSignal, log: Logger): TaskList {
  const lastRuns = new Map<string, Promise<void>>();
  const runJob = async (job: Job, queued: QueuedJob): Promise<void> => {
    const { payload } = queued;
    const ran = await runAlone(pool, { name: job.name, runner: queued.locked_by }, stopping, async (signal) => {
      // A job that lost its lock may not have ended yet.
      await lastRuns.get(job.name)?.catch(() => undefined);
      const thisRun = job.run(signal, payload);
      lastRuns.set(job.name, thisRun);
      await thisRun;
    });
    if (ran) return;
    const isSkipped = job.schedule !== undefined && (job.isAlone !== true || isFromSchedule(payload));
    if (isSkipped) log.info({ job: job.name }, 'this job is already running, skipped');
    else await putOff(pool, queued, log);
  };
  return Object.fromEntries(
    jobs.map((job) => [
      job.name,
      (payload: unknown, { job: queued }: { readonly job: QueuedJob }) =>
        isAlone(job) ? runJob(job, queued) : job.run(stopping, payload),
    ]),
  );
}

/** Looks for abandoned jobs at once, and then periodically until it is stopped. */
async function watchAbandonedJobs(
  pool: pg.Pool,
  { everyMs, graceMs }: AbandonedJobs,
  stopping: AbortSignal,
  log: Logger,
): Promise<void> {
  while (!stopping.aborted) {
    try {
      const runners = await releaseAbandonedJobs(pool, graceMs);
      if (runners > 0) log.warn({ runners }, 'returned the jobs of stopped processes to the queue');
    } catch (error) {
      log.warn({ err: error }, 'could not look for abandoned jobs, will try again');
    }
    await sleep(everyMs, undefined, { signal: stopping }).catch(() => undefined);
  }
}

/** Starts taking jobs from the queue in Postgres, and starts again whenever an outage of Postgres has ended the runner. */
export async function startWorker(
  connection: DbConnection,
  jobs: readonly Job[],
  log: Logger,
  { abandoned = ABANDONED, jobsAtOnce = JOBS_AT_ONCE }: WorkerOptions = {},
): Promise<Worker> {
  const pool = openPool(connection, jobsAtOnce, log);
  const stopping = new AbortController();
  const isStopping = (): boolean => stopping.signal.aborted;
  const tasks = taskListOf(pool, jobs, stopping.signal, log);
  const begin = (): Promise<StartedRunner> =>
    startRunner({
      pgPool: pool,
      // With single connections, a job that cannot be marked as done or failed would be an unhandled rejection.
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      concurrency: jobsAtOnce,
      noHandleSignals: true,
      logger: toWorkerLogger(log),
      events: reportingFailures(log),
      taskList: tasks,
      crontab: crontabOf(jobs),
    });
  let runner: StartedRunner | undefined;
  try {
    runner = await begin();
  } catch (error) {
    await pool.end();
    throw error;
  }
  const keepRunning = async (): Promise<void> => {
    for (;;) {
      // A job that could not be marked as done or failed ends the runner.
      await runner?.ended.catch((error: unknown) => log.warn({ err: error }, 'the job queue was lost'));
      runner = undefined;
      await sleep(RESTART_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (isStopping()) return;
      runner = await begin().catch((error: unknown) => {
        log.warn({ err: error }, 'could not reconnect the job queue, will try again');
        return undefined;
      });
      // A stop may have been requested in between, when there was no runner.
      if (isStopping()) await runner?.stop();
    }
  };
  const kept = [keepRunning(), watchAbandonedJobs(pool, abandoned, stopping.signal, log)];
  return {
    stop: async () => {
      stopping.abort();
      await runner?.stop().catch((error: unknown) => log.debug({ err: error }, 'the job queue had stopped'));
      await Promise.all(kept);
      await pool.end();
    },
  };
}
