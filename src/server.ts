import { createApp } from './app';
import type { Config } from './config';
import type { Context } from './context';
import { ensureAdministrator, type FirstAdministrator } from './features/accounts/administrator';
import { jobsOf } from './jobs';
import { createHttpServer, drain, listen } from './platform/http/server';
import { startWorker, type Worker } from './platform/jobs/worker';
import { createLogger, type Logger } from './platform/log/logger';
import { Metrics } from './platform/metrics/metrics';
import { openRuntime } from './runtime';

/** A server that answers requests. */
export interface RunningServer {
  /** `http://host:port`, with the port that was really taken */
  readonly url: string;
  /** Answers what is in flight, takes nothing new, and lets go of everything. May be called again. */
  stop(): Promise<void>;
}

/** How long requests in flight may take when the server is told to stop. */
const DRAIN_MS = 30_000;

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

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * Starts the server: database, administrator, jobs, and last the listener.
 *
 * @param announce - shows the operator a line that must not be lost in the log
 */
export async function startServer(
  config: Config,
  log: Logger,
  announce: (line: string) => void,
): Promise<RunningServer> {
  const runtime = await openRuntime(config, log);
  let worker: Worker | undefined;
  let isDraining = false;
  try {
    await announceAdministrator(runtime.ctx, config, announce);
    worker = await startWorker(runtime.connection, jobsOf(runtime.ctx), log);
    const metrics = new Metrics();
    const app = createApp({ ctx: runtime.ctx, metrics, isDraining: () => isDraining });
    const server = createHttpServer(app, { log, metrics, isDraining: () => isDraining });
    const { port } = await listen(server, config.PORT, config.HOST);
    const stop = async (): Promise<void> => {
      isDraining = true;
      await drain(server, DRAIN_MS);
      await worker?.stop();
      await runtime.close();
    };
    let stopping: Promise<void> | undefined;
    return { url: urlOf(config.HOST, port), stop: () => (stopping ??= stop()) };
  } catch (error) {
    await worker?.stop();
    await runtime.close();
    throw error;
  }
}

/**
 * Runs the server until SIGTERM or SIGINT, then drains it; a second signal ends the process at once.
 *
 * @param print - writes a line for the operator
 */
export async function serve(config: Config, print: (line: string) => void): Promise<void> {
  const log = createLogger(config.LOG_LEVEL);
  const server = await startServer(config, log, print);
  print(`Drydock listens on ${server.url}`);
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
