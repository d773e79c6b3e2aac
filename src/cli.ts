import { readFileSync } from 'node:fs';
import path from 'node:path';
import { seedDemo } from '../seeds/demo';
import { readConfig, type Config } from './config';
import { createLogger, type Logger } from './platform/log/logger';
import { dieOf, outliveOutput, takeTermination, Terminated, untilAborted } from './platform/process/termination';
import { openRuntime, type Runtime } from './runtime';
import { announceAdministrator, serve } from './server';
import { exitCodeOf, reportError } from './surfaces/cli/errors';
import { printLine } from './surfaces/cli/output';
import { buildProgram } from './surfaces/cli/program';

/*
 * The process of bin/drydock.js. Commands read the environment and open the database only when they run, so that
 * `--help` needs neither.
 */

let log: Logger | undefined;

function readVersion(): string {
  const text = readFileSync(path.join(__dirname, '../../package.json'), 'utf8'); // relative to dist/src
  return (JSON.parse(text) as { version: string }).version;
}

/**
 * Opens what a command needs, runs it and closes everything, also when a signal ends it. Its output is on stdout, so
 * the log goes to stderr and is terse.
 */
async function withRuntime<T>(work: (runtime: Runtime, config: Config) => Promise<T>): Promise<T> {
  const config = readConfig(undefined, { LOG_LEVEL: 'warn' });
  log = createLogger(config.LOG_LEVEL, 2);
  const { stopping } = takeTermination();
  const runtime = await openRuntime(config, log, stopping).catch((error: unknown) => {
    throw stopping.aborted ? stopping.reason : error;
  });
  try {
    return await Promise.race([work(runtime, config), untilAborted(stopping)]);
  } finally {
    await runtime.close();
  }
}

async function main(): Promise<void> {
  outliveOutput();
  const program = buildProgram({
    version: readVersion(),
    serve: () => serve(readConfig(), printLine),
    withContext: (work) => withRuntime((runtime) => work(runtime.ctx)),
    migrate: () => withRuntime(async (runtime) => runtime.appliedMigrations),
    seed: () =>
      withRuntime(async ({ ctx }, config) => {
        await announceAdministrator(ctx, config, printLine);
        return seedDemo(ctx);
      }),
  });
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof Terminated) {
      dieOf(error);
      return;
    }
    log?.debug({ err: error }, 'the command failed');
    reportError(error);
    process.exitCode = exitCodeOf(error);
  }
}

void main();
