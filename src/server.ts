import { listeningUrl, type Config } from './config';
import type { Context } from './context';
import { ensureAdministrator, type FirstAdministrator } from './features/accounts/administrator';
import { jobsOf } from './jobs';
import { startListeners } from './listeners';
import { startWorker } from './platform/jobs/worker';
import { createLogger, type Logger } from './platform/log/logger';
import { isWorkerProcess, startWorkerProcesses, workForPrimary } from './platform/cluster/worker-processes';
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

/**
 * Opens the runtime, starts parts on it one after the other, and stops them in the opposite order; a part that cannot
 * start stops those before it.
 */
async function startParts(
  config: Config,
  log: Logger,
  parts: readonly ((runtime: Runtime) => Promise<{ stop(): Promise<void> } | RunningServer>)[],
): Promise<RunningServer> {
  const runtime = await openRuntime(config, log);
  const started: { stop(): Promise<void> }[] = [{ stop: () => runtime.close() }];
  const stopAll = async (): Promise<void> => {
    for (const part of started.reverse()) await part.stop();
  };
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= stopAll());
  let url = '';
  try {
    for (const start of parts) {
      const part = await start(runtime);
      started.push(part);
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
 */
export async function startServer(
  config: Config,
  log: Logger,
  announce: (line: string) => void,
): Promise<RunningServer> {
  return startParts(config, log, [
    async (runtime) => {
      await announceAdministrator(runtime.ctx, config, announce);
      return startWorker(runtime.connection, jobsOf(runtime.ctx), log);
    },
    (runtime) =>
      config.DRYDOCK_WORKERS > 1
        ? startWorkerProcesses(config.DRYDOCK_WORKERS, log, (port) => listeningUrl(config, port))
        : startListeners(runtime.ctx, config, log),
  ]);
}

/**
 * Runs the server, or one of its worker processes, until SIGTERM or SIGINT, then drains it; a second signal ends the
 * process at once.
 *
 * @param print - writes a line for the operator
 */
export async function serve(config: Config, print: (line: string) => void): Promise<void> {
  const log = createLogger(config.LOG_LEVEL);
  if (isWorkerProcess) {
    await workForPrimary(async () => {
      await untilSignal(await startParts(config, log, [(runtime) => startListeners(runtime.ctx, config, log)]), log);
    });
    return;
  }
  const server = await startServer(config, log, print);
  print(`Drydock listens on ${server.url}`);
  await untilSignal(server, log);
}

async function untilSignal(server: RunningServer, log: Logger): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = (signal: NodeJS.Signals): void => {
      process.once('SIGTERM', () => process.exit(1));
      process.once('SIGINT', () => process.exit(1));
      log.info({ signal }, 'draining');
      void server.stop().then(resolve, (error: unknown) => {
        log.error({ err: error }, 'could not stop cleanly');
        process.exitCode = 1;
        resolve();
      });
    };
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
  });
}
