import { createRequire } from 'node:module';
import path from 'node:path';
import { BLOB_REFERRERS } from './blob-referrers';
import type * as BuilderProcess from './builder-process';
import { readConfig, type Config } from './config';
import type { Context } from './context';
import { openData, type OpenData } from './data';
import { assertHasData } from './data-dir';
import { upgradePostgres, type UpgradedCluster } from './features/backups/upgrade-postgres';
import { enterPlaces } from './features/storage/places';
import type { PlaceIds } from './features/storage/processes';
import type { Logger } from './platform/log/logger';
import { Terminated, untilAborted } from './platform/process/termination';
import { openRuntime, type Runtime, type RuntimeOptions } from './runtime';
import type * as Server from './server';
import type { Seeded } from './surfaces/cli/command-parts';
import { exitCodeOf, reportError } from './surfaces/cli/errors';
import { printLine } from './surfaces/cli/output';
import { buildProgram } from './surfaces/cli/program';

/*
 * One command of `drydock`, from its words to its exit code. Commands read the environment and open the database only
 * when they run, so that `--help` needs neither. They also load the server only then: with all of its surfaces it takes
 * longer to load than most commands take to run.
 */

const load = createRequire(__filename);

function loadServer(): typeof Server {
  return load('./server') as typeof Server;
}

function loadBuilder(): typeof BuilderProcess {
  return load('./builder-process') as typeof BuilderProcess;
}

/** What runs a command: the process, or a test. */
export interface CommandHost {
  readonly version: string;
  /** Creates the demo data. */
  seed(ctx: Context): Promise<Seeded>;
  /** Undefined: that of the process. */
  readonly environment: NodeJS.ProcessEnv | undefined;
  /** The log of a command; its output is on stdout, so the log is elsewhere. */
  createLog(level: string): Logger;
  /** Takes the signals that end a process; the first aborts the result, with a `Terminated`. */
  takeSignals(): AbortSignal;
}

/** The data, with this process recorded as one that uses the storage. */
type DataInUse = OpenData & { readonly placeIds: PlaceIds; readonly reserveBytes: number };

async function openInUse(config: Config, log: Logger, stopping: AbortSignal): Promise<DataInUse> {
  const data = await openData(config, log, stopping, { creates: false });
  try {
    const use = await enterPlaces(data, data.places, stopping);
    const close = (): Promise<void> => use.leave().finally(() => data.close());
    return { ...data, placeIds: use.ids, reserveBytes: config.DRYDOCK_STORAGE_RESERVE, close };
  } catch (error) {
    await data.close();
    throw error;
  }
}

interface Closeable {
  close(): Promise<void>;
}

/** Upgrades the embedded Postgres of the configured data directory. */
async function upgradeEmbedded(
  host: CommandHost,
  programs: string | undefined,
  log: Logger,
): Promise<UpgradedCluster | undefined> {
  const config = readConfig(host.environment);
  if (config.DATABASE_URL !== undefined) {
    throw new Error(
      'DATABASE_URL names a Postgres of your own: upgrade it with its own tools, or by backup and restore',
    );
  }
  const dataDir = path.resolve(config.DRYDOCK_DATA_DIR);
  await assertHasData(dataDir, { isEmbedded: true });
  return upgradePostgres({ dataDir, programs, log, stopping: host.takeSignals() });
}

/**
 * Runs a command. Its output goes to the process's, and its exit code to `process.exitCode`, which stays as it is when
 * the command worked.
 *
 * @throws Terminated when a signal has ended it
 */
export async function runCommandLine(words: readonly string[], host: CommandHost): Promise<void> {
  let log: Logger | undefined;

  /** Opens what a command needs, runs it and closes everything, also when a signal ends it. The log is terse. */
  const withOpened = async <O extends Closeable, T>(
    open: (config: Config, log: Logger, stopping: AbortSignal) => Promise<O>,
    work: (opened: O, config: Config) => Promise<T>,
  ): Promise<T> => {
    const config = readConfig(host.environment, { LOG_LEVEL: 'warn' });
    log = host.createLog(config.LOG_LEVEL);
    const stopping = host.takeSignals();
    const opened = await open(config, log, stopping).catch((error: unknown) => {
      throw stopping.aborted ? stopping.reason : error;
    });
    try {
      return await Promise.race([work(opened, config), untilAborted(stopping)]);
    } finally {
      await opened.close();
    }
  };
  const withRuntime = <T>(
    work: (runtime: Runtime, config: Config) => Promise<T>,
    options: RuntimeOptions = {},
  ): Promise<T> => withOpened((config, logger, stopping) => openRuntime(config, logger, stopping, options), work);

  const program = buildProgram({
    version: host.version,
    serve: ({ port: PORT, data: DRYDOCK_DATA_DIR }) =>
      loadServer().serve(readConfig(host.environment, {}, { PORT, DRYDOCK_DATA_DIR }), printLine),
    build: () => loadBuilder().runBuilder(readConfig(host.environment), printLine),
    examineBuilder: () => loadBuilder().examineBuilder(readConfig(host.environment), printLine),
    withContext: (work) => withRuntime((runtime) => work(runtime.ctx), { creates: false }),
    withData: (work, options) =>
      withOpened(
        (config, logger, stopping) => openData(config, logger, stopping, options),
        (data) => work(data),
      ),
    withStorage: (work) => withOpened(openInUse, (data) => work({ ...data, blobReferrers: BLOB_REFERRERS })),
    upgradePostgres: (programs) => {
      log = host.createLog('warn');
      return upgradeEmbedded(host, programs, log);
    },
    migrate: () => withRuntime(async (runtime) => runtime.appliedMigrations),
    seed: () =>
      withRuntime(async ({ ctx }, config) => {
        await loadServer().announceAdministrator(ctx, config, printLine);
        return host.seed(ctx);
      }),
  });
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (error instanceof Terminated) throw error;
    log?.debug({ err: error }, 'the command failed');
    reportError(error);
    process.exitCode = exitCodeOf(error);
  }
}
