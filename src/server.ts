import { listeningUrl, type Config } from './config';
import type { Context } from './context';
import { ensureAdministrator, type FirstAdministrator } from './features/accounts/administrator';
import { jobsOf } from './jobs';
import { startListeners } from './listeners';
import { startWorker } from './platform/jobs/worker';
import { createLogger, type Logger } from './platform/log/logger';
import { isWorkerProcess, startWorkerProcesses, workForPrimary } from './platform/cluster/worker-processes';
import { takeTermination, untilAborted } from './platform/process/termination';
import { openRuntime, type Runtime } from './runtime';

/** A server that answers requests. */
export interface RunningServer {
  /** `http://host:port` or https, with the port that was really taken */
  readonly url: string;
  /** Answers what is in flight, takes nothing new, and lets go of everything. May be called again. */
  stop(): Promise<void>;
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
  announce(`The administrator is "${username}" with the password ${password} (shown this once).`);
}

/** What a part of the server is made of, and the wish that it stop before it has started. */
type StartPart = (runtime: Runtime, stopping: AbortSignal) => Promise<{ stop(): Promise<void> } | RunningServer>;

/**
 * Opens the runtime, starts parts on it one after the other, and stops them in the opposite order; a part that cannot
 * start, or a wish to stop meanwhile, stops those before it.
 */
async function startParts(
  config: Config,
  log: Logger,
  stopping: AbortSignal,
  parts: readonly StartPart[],
): Promise<RunningServer> {
  const runtime = await openRuntime(config, log, stopping);
  const started: { stop(): Promise<void> }[] = [{ stop: () => runtime.close() }];
  const stopAll = async (): Promise<void> => {
    for (const part of started.reverse()) await part.stop();
  };
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= stopAll());
  let url = '';
  try {
    for (const start of parts) {
      const part = await start(runtime, stopping);
      started.push(part);
      stopping.throwIfAborted();
      if (!('url' in part)) continue;
      url = part.url;
      runtime.ctx.publicUrl.listensOn(url);
    }
    return { url, stop };
  } catch (error) {
    await stop();
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
        ? startWorkerProcesses(config.DRYDOCK_WORKERS, log, (port) => listeningUrl(config, port), stopping)
        : startListeners(runtime.ctx, config, log),
  ]);
}

/**
 * Runs the server, or one of its worker processes, until SIGTERM or SIGINT, then drains it; a second signal ends the
 * process at once. A signal during the start stops what was started by then.
 *
 * @param print - writes a line for the operator
 */
export async function serve(config: Config, print: (line: string) => void): Promise<void> {
  const log = createLogger(config.LOG_LEVEL);
  if (isWorkerProcess) {
    // Ctrl-C reaches the worker processes, too; they wait for the primary's word, or this would be their second signal.
    const stopping = takeTermination(['SIGINT']);
    await workForPrimary(async () => {
      const parts: StartPart[] = [(runtime) => startListeners(runtime.ctx, config, log)];
      await runUntil(stopping, log, () => startParts(config, log, stopping, parts));
    });
    return;
  }
  const stopping = takeTermination();
  await runUntil(stopping, log, async () => {
    const server = await startServer(config, log, print, stopping);
    print(`Drydock listens on ${server.url}`);
    return server;
  });
}

async function runUntil(stopping: AbortSignal, log: Logger, start: () => Promise<RunningServer>): Promise<void> {
  let server: RunningServer;
  try {
    server = await start();
  } catch (error) {
    if (!stopping.aborted) throw error;
    log.info({ reason: String(stopping.reason), err: error }, 'stopped before it had started');
    return;
  }
  await untilAborted(stopping).catch(() => undefined);
  log.info({ reason: String(stopping.reason) }, 'draining');
  try {
    await server.stop();
  } catch (error) {
    log.error({ err: error }, 'could not stop cleanly');
    process.exitCode = 1;
  }
}
