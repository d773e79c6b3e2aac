import { startBuilder } from './builder/builder';
import { checkHost } from './builder/host-checks';
import type { BuilderSettings } from './builder/settings';
import { listeningUrl, type Config } from './config';
import { openDatabase } from './data';
import { ensureTokenKey, watchTokenKey } from './features/accounts/token-key';
import { LOG_LIMITS } from './features/builds/build-log';
import { addressRule } from './platform/http/address-rules';
import { createLogger } from './platform/log/logger';
import { boundStop, takeTermination, untilAborted } from './platform/process/termination';

/* The process behind `drydock builder`. It needs the database and the URL of the hub, but no data directory. */

/** The builder's part of the configuration. */
function builderSettings(config: Config): BuilderSettings {
  const publicUrl = config.DRYDOCK_PUBLIC_URL ?? listeningUrl(config, config.PORT);
  const hub = config.DRYDOCK_BUILDER_HUB ?? publicUrl;
  const hosts = [...(config.DRYDOCK_REGISTRY_ENDPOINTS ?? []), new URL(publicUrl).host, new URL(hub).host];
  return {
    hub: hub.replace(/\/$/, ''),
    ownHosts: [...new Set(hosts)],
    folder: config.DRYDOCK_BUILDER_DIR,
    userName: config.DRYDOCK_BUILDER_USER,
    jobs: config.DRYDOCK_BUILDER_JOBS,
    limits: {
      timeMs: config.DRYDOCK_BUILD_MINUTES * 60_000,
      logBytes: LOG_LIMITS.totalBytes - 1024, // the log has room for the sentence that it was cut
      diskBytes: config.DRYDOCK_BUILD_DISK,
      memoryBytes: config.DRYDOCK_BUILD_MEMORY,
      processes: config.DRYDOCK_BUILD_PROCESSES,
    },
    cache: { bytes: config.DRYDOCK_BUILD_CACHE, days: config.DRYDOCK_BUILD_CACHE_DAYS },
    addresses: addressRule(config.DRYDOCK_BUILD_ALLOW ?? []),
    reach: addressRule(config.DRYDOCK_BUILD_REACH ?? []),
    knownHosts: config.DRYDOCK_BUILD_KNOWN_HOSTS,
  };
}

/**
 * Builds until SIGTERM, SIGINT or SIGHUP; then takes no more builds, and gives those that run the time of
 * DRYDOCK_DRAIN_SECONDS. What has not ended by then returns to the queue once.
 *
 * @param print - writes a line for the operator
 * @throws Error when the builder cannot start
 */
export async function runBuilder(config: Config, print: (line: string) => void): Promise<void> {
  const log = createLogger(config.LOG_LEVEL);
  const { stopping, hurry } = takeTermination();
  const database = await openDatabase(config, log, stopping, { creates: false, needsFiles: false });
  try {
    const ctx = { db: database.db, log, tokenKey: await ensureTokenKey(database) };
    const unwatchKey = watchTokenKey(ctx);
    const builder = await startBuilder(ctx, database.connection, builderSettings(config));
    print(`Drydock builder ${builder.name} takes builds`);
    const reason: unknown = await untilAborted(stopping).catch((error: unknown) => error);
    log.info({ reason: String(reason) }, `draining: builds have ${config.DRYDOCK_DRAIN_SECONDS} seconds to finish`);
    const drainMs = config.DRYDOCK_DRAIN_SECONDS * 1000;
    boundStop(drainMs, log);
    await builder.stop(AbortSignal.any([hurry, AbortSignal.timeout(drainMs)]));
    unwatchKey();
  } finally {
    await database.close();
  }
}

/**
 * Says what a builder on this host lacks.
 *
 * @param print - writes a line for the operator
 * @returns whether it lacks nothing
 */
export async function examineBuilder(config: Config, print: (line: string) => void): Promise<boolean> {
  const { checks } = await checkHost(builderSettings(config));
  for (const { what, problem } of checks) print(problem === undefined ? `ok       ${what}` : `missing  ${problem}`);
  return checks.every(({ problem }) => problem === undefined);
}
