import { createRequire } from 'node:module';
import { listeningUrl, type Config } from './config';
import type { Context } from './context';
import { ensureAdministrator, type FirstAdministrator } from './features/accounts/first-administrator';
import type * as Jobs from './jobs';
import type * as Listeners from './listeners';
import type * as QueueWorker from './platform/jobs/worker';
import { createLogger, type Logger } from './platform/log/logger';
import { assertCanListen } from './platform/http/free-port';
import { isWorkerProcess, workForPrimary } from './platform/cluster/worker-process';
import { startWorkerProcesses } from './platform/cluster/worker-processes';
import { letHeapGrow, shrinkHeapSoon } from './platform/process/heap';
import {
  boundStop,
  takeTermination,
  UncleanStop,
  untilAborted,
  type Termination,
} from './platform/process/termination';
import { openRuntime, type Runtime } from './runtime';

/*
 * Of a primary, its worker processes and a server alone, each loads what it runs: a primary answers no requests, and its
 * worker processes run no jobs.
 */

const load = createRequire(__filename);

/** A running part of the server. */
interface Part {
  /** @param hurry - see `Termination` */
  stop(hurry: AbortSignal): Promise<void>;
}

/** A server that answers requests. */
export interface RunningServer extends Part {
  /** `http://host:port` or https, with the actual port. */
  readonly url: string;
  /** Rejects when the server can no longer answer; never resolves. */
  readonly failed?: Promise<never>;
  /**
   * Finishes the requests in flight, accepts no new ones, and releases everything. May be called again.
   *
   * @throws UncleanStop when a request was cut off; everything has been released by then all the same
   */
  stop(hurry: AbortSignal): Promise<void>;
}

function firstAdministrator(config: Config): FirstAdministrator | undefined {
  const { DRYDOCK_ADMIN_USERNAME: username, DRYDOCK_ADMIN_PASSWORD: password, DRYDOCK_ADMIN_EMAIL: email } = config;
  return username === undefined || password === undefined ? undefined : { username, password, email };
}

/**
 * Creates the administrator of a new installation, configured or with a random password, and shows its password if
 * necessary.
 *
 * @param announce - shows the operator a line that must not be lost in the log
 */
export async function announceAdministrator(
  ctx: Context,
  config: Config,
  announce: (line: string) => void,
): Promise<void> {
  const administrator = await ensureAdministrator(ctx, firstAdministrator(config));
  if (administrator === undefined) return;
  const { username, password } = administrator;
  announce(`The administrator is "${username}" with the password ${password} (shown only once).`);
}

/** What a part of the server gets, and the signal to stop before it has started. */
type StartPart = (runtime: Runtime, stopping: AbortSignal) => Promise<Part | RunningServer>;

/** Answers requests, with all surfaces. */
function listenHere(config: Config, log: Logger): StartPart {
  const { startListeners } = load('./listeners') as typeof Listeners;
  return (runtime) => startListeners(runtime.ctx, config, log);
}

/** Takes jobs from the queue. */
function runJobs({ connection, ctx }: Runtime, log: Logger): Promise<Part> {
  const { jobsOf } = load('./jobs') as typeof Jobs;
  const { startWorker } = load('./platform/jobs/worker') as typeof QueueWorker;
  return startWorker(connection, jobsOf(ctx), log);
}

/** Stops all parts, even if stopping one fails; then throws the first failure. */
async function stopTogether(parts: readonly Part[], hurry: AbortSignal): Promise<void> {
  const ends = await Promise.allSettled(parts.map((part) => part.stop(hurry)));
  const failure = ends.find((end) => end.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

/**
 * Opens the runtime and starts parts on it one after the other. A part that cannot start, or a request to stop during
 * the start, stops the parts before it. `stop` stops the parts together, and always the runtime, with its Postgres,
 * last.
 */
async function startParts(
  config: Config,
  log: Logger,
  stopping: AbortSignal,
  parts: readonly StartPart[],
): Promise<RunningServer> {
  const runtime = await openRuntime(config, log, stopping, { migrates: !isWorkerProcess });
  const started: Part[] = [];
  const stopAll = (hurry: AbortSignal): Promise<void> => stopTogether(started, hurry).finally(() => runtime.close());
  let stopped: Promise<void> | undefined;
  const stop = (hurry: AbortSignal): Promise<void> => (stopped ??= stopAll(hurry));
  let answering: RunningServer | undefined;
  try {
    for (const start of parts) {
      const part = await start(runtime, stopping);
      started.push(part);
      stopping.throwIfAborted();
      if (!('url' in part)) continue;
      answering = part;
      runtime.ctx.publicUrl.listensOn(part.url);
    }
    return { url: '', ...answering, stop };
  } catch (error) {
    await stop(AbortSignal.abort()).catch((problem: unknown) => log.debug({ err: problem }, 'could not stop cleanly'));
    throw error;
  }
}

/**
 * Starts the server, unless its port is taken: database, administrator, jobs, and last the listener or the worker processes that
 * listen.
 *
 * @param announce - shows the operator a line that must not be lost in the log
 * @param stopping - aborts the start: what was started by then is stopped
 * @throws the reason of `stopping` when that is aborted
 */
export async function startServer(
  config: Config,
  log: Logger,
  announce: (line: string) => void,
  stopping: AbortSignal,
): Promise<RunningServer> {
  await assertCanListen(config.PORT, config.HOST);
  return startParts(config, log, stopping, [
    async (runtime) => {
      await announceAdministrator(runtime.ctx, config, announce);
      return runJobs(runtime, log);
    },
    config.DRYDOCK_WORKERS > 1
      ? () =>
          startWorkerProcesses(config.DRYDOCK_WORKERS, log, {
            drainMs: config.DRYDOCK_DRAIN_SECONDS * 1000,
            urlOf: (port) => listeningUrl(config, port),
            stopping,
          })
      : listenHere(config, log),
  ]);
}

/**
 * Runs the server until SIGTERM, SIGINT or SIGHUP, or a worker process until the primary says so, then drains it; see
 * `takeTermination` for the effect of further signals. A signal during the start stops what was started by then. The
 * exit code is 1 if something was cut off.
 *
 * @param print - writes a line for the operator
 * @throws Error when the server cannot start, or can no longer answer
 */
export async function serve(config: Config, print: (line: string) => void): Promise<void> {
  const log = createLogger(config.LOG_LEVEL);
  if (isWorkerProcess) {
    await workForPrimary(async (termination) => {
      const parts: StartPart[] = [listenHere(config, log)];
      await runUntil(termination, config, log, () => startParts(config, log, termination.stopping, parts));
    });
    return;
  }
  const termination = takeTermination();
  await runUntil(termination, config, log, async () => {
    const server = await startServer(config, log, print, termination.stopping);
    print(`Drydock listens on ${server.url}`);
    return server;
  });
}

async function runUntil(
  { stopping, hurry }: Termination,
  config: Config,
  log: Logger,
  start: () => Promise<RunningServer>,
): Promise<void> {
  let server: RunningServer;
  letHeapGrow();
  try {
    server = await start();
    shrinkHeapSoon();
  } catch (error) {
    if (!stopping.aborted) throw error;
    log.info({ reason: String(stopping.reason), err: error }, 'stopped before it had started');
    return;
  }
  const ends = [untilAborted(stopping), ...(server.failed === undefined ? [] : [server.failed])];
  const reason = await Promise.race(ends).catch((error: unknown) => error);
  const patience = `what is in flight has ${config.DRYDOCK_DRAIN_SECONDS} seconds to finish`;
  log.info({ reason: String(reason) }, `draining: ${patience}, press Ctrl-C again to stop immediately`);
  boundStop(config.DRYDOCK_DRAIN_SECONDS * 1000, log);
  try {
    await server.stop(hurry);
  } catch (error) {
    if (!(error instanceof UncleanStop)) log.error({ err: error }, 'could not stop cleanly');
    process.exitCode = 1;
  }
  if (!stopping.aborted) throw reason;
}
