import { listeningUrl, type Config } from './config';
import type { Context } from './context';
import { ensureAdministrator, type FirstAdministrator } from './features/accounts/first-administrator';
import { jobsOf } from './jobs';
import { startListeners } from './listeners';
import { startWorker } from './platform/jobs/worker';
import { createLogger, type Logger } from './platform/log/logger';
import { isWorkerProcess, workForPrimary } from './platform/cluster/worker-process';
import { startWorkerProcesses } from './platform/cluster/worker-processes';
import { takeTermination, UncleanStop, untilAborted, type Termination } from './platform/process/termination';
import { openRuntime, type Runtime } from './runtime';

/** A part of the server that runs. */
interface Part {
  /** @param hurry - see `Termination` */
  stop(hurry: AbortSignal): Promise<void>;
}

/** A server that answers requests. */
export interface RunningServer extends Part {
  /** `http://host:port` or https, with the port that was really taken */
  readonly url: string;
  /** Rejects when it cannot answer any more; never resolves. */
  readonly failed?: Promise<never>;
  /**
   * Answers what is in flight, takes nothing new, and lets go of everything. May be called again.
   *
   * @throws UncleanStop when a request was cut off; by then everything is let go of all the same
   */
  stop(hurry: AbortSignal): Promise<void>;
}

function firstAdministrator(config: Config): FirstAdministrator | undefined {
  const { DRYDOCK_ADMIN_USERNAME: username, DRYDOCK_ADMIN_PASSWORD: password, DRYDOCK_ADMIN_EMAIL: email } = config;
  return username === undefined || password === undefined ? undefined : { username, password, email };
}

/**
 * Makes the administrator of a new installation, the configured one or a random one, and shows it if need be.
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

/** What a part of the server is made of, and the wish that it stop before it has started. */
type StartPart = (runtime: Runtime, stopping: AbortSignal) => Promise<Part | RunningServer>;

/** Stops all of them, whatever happens to one; then throws the first failure. */
async function stopTogether(parts: readonly Part[], hurry: AbortSignal): Promise<void> {
  const ends = await Promise.allSettled(parts.map((part) => part.stop(hurry)));
  const failure = ends.find((end) => end.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

/**
 * Opens the runtime and starts parts on it one after the other; a part that cannot start, or a wish to stop meanwhile,
 * stops those before it. `stop` stops the parts together, and the runtime, with its Postgres, last in any case.
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
 * Starts the server: database, administrator, jobs, and last the listener or the worker processes that listen.
 *
 * @param announce - shows the operator a line that must not be lost in the log
 * @param stopping - ends the start early: what was started by then is stopped
 * @throws the reason of `stopping` when that is aborted
 */
export async function startServer(
  config: Config,
  log: Logger,
  announce: (line: string) => void,
  stopping: AbortSignal,
): Promise<RunningServer> {
  return startParts(config, log, stopping, [
    async (runtime) => {
      await announceAdministrator(runtime.ctx, config, announce);
      return startWorker(runtime.connection, jobsOf(runtime.ctx), log);
    },
    (runtime) =>
      config.DRYDOCK_WORKERS > 1
        ? startWorkerProcesses(config.DRYDOCK_WORKERS, log, {
            drainMs: config.DRYDOCK_DRAIN_SECONDS * 1000,
            urlOf: (port) => listeningUrl(config, port),
            stopping,
          })
        : startListeners(runtime.ctx, config, log),
  ]);
}

/**
 * Runs the server until SIGTERM, SIGINT or SIGHUP, or one of its worker processes until the primary says so, then
 * drains it; see `takeTermination` for what further signals do. A signal during the start stops what was started by
 * then. The exit code is 1 when something was cut off.
 *
 * @param print - writes a line for the operator
 * @throws Error when the server cannot start, or cannot answer any more
 */
export async function serve(config: Config, print: (line: string) => void): Promise<void> {
  const log = createLogger(config.LOG_LEVEL);
  if (isWorkerProcess) {
    await workForPrimary(async (termination) => {
      const parts: StartPart[] = [(runtime) => startListeners(runtime.ctx, config, log)];
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
  try {
    server = await start();
  } catch (error) {
    if (!stopping.aborted) throw error;
    log.info({ reason: String(stopping.reason), err: error }, 'stopped before it had started');
    return;
  }
  const ends = [untilAborted(stopping), ...(server.failed === undefined ? [] : [server.failed])];
  const reason = await Promise.race(ends).catch((error: unknown) => error);
  const patience = `what is in flight has ${config.DRYDOCK_DRAIN_SECONDS} seconds to finish`;
  log.info({ reason: String(reason) }, `draining: ${patience}, press Ctrl-C again to stop immediately`);
  try {
    await server.stop(hurry);
  } catch (error) {
    if (!(error instanceof UncleanStop)) log.error({ err: error }, 'could not stop cleanly');
    process.exitCode = 1;
  }
  if (!stopping.aborted) throw reason;
}
