import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Needs } from '../context';
import { BUILD_JOB } from '../features/builds/queue';
import { existingSources, noteBuilder, removeBuilder } from '../features/builds/running';
import type { DbConnection } from '../platform/db/db';
import { queuedJob } from '../platform/jobs/queue';
import { startWorker, type Worker } from '../platform/jobs/worker';
import { isAnotherProcessAlive } from '../platform/process/signals';
import { runBuild } from './build-one';
import type { BuilderHost } from './running-build';
import { LayerCache } from './cache/layer-cache';
import { checkHost } from './host-checks';
import { removeBuildFolder } from './sandbox/build-folder';
import type { BuildUser } from './sandbox/enclosure';
import type { BuilderSettings } from './settings';

/** How often a builder says that it lives. */
const NOTE_MS = 10_000;

/** Names of architectures in images, which node calls otherwise. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** A process that builds. */
export interface Builder {
  readonly name: string;
  /**
   * Takes no more builds, and waits for those that run.
   *
   * @param hurry - ends them: they return to the queue once
   */
  stop(hurry: AbortSignal): Promise<void>;
}

/**
 * Starts taking builds from the queue.
 *
 * @throws Error with a sentence for each thing that this host lacks
 */
export async function startBuilder(
  ctx: Needs<'db' | 'log' | 'tokenKey'>,
  connection: DbConnection,
  settings: BuilderSettings,
): Promise<Builder> {
  const { checks, user, storageDriver } = await checkHost(settings);
  const missing = checks.flatMap(({ problem }) => problem ?? []);
  if (missing.length > 0) throw new Error(['This host cannot build:', ...missing].join('\n  '));
  const name = `${hostname()}:${process.pid}`;
  const folder = await openFolder(settings.folder, user);
  const architecture = ARCHITECTURES[process.arch] ?? process.arch;
  const cache = await LayerCache.open(settings.folder, storageDriver, user, {
    ...settings.cache,
    bytesEach: Math.floor(settings.limits.diskBytes / 2),
  });
  const host: BuilderHost = { ctx, name, settings, user, storageDriver, architecture, folder, cache };
  const ending = new AbortController();
  const job = queuedJob(BUILD_JOB, z.object({ buildId: z.number() }), ({ buildId }) =>
    runBuild(host, buildId, ending.signal),
  );
  const worker = await startWorker(connection, [job], ctx.log, { jobsAtOnce: settings.jobs });
  const stopped = new AbortController();
  const noting = keepNoting(ctx, host, stopped.signal);
  ctx.log.info({ name, jobs: settings.jobs, storageDriver }, 'the builder takes builds');
  return {
    name,
    stop: async (hurry) => {
      await stopWorker(worker, hurry, ending);
      stopped.abort();
      await noting;
      await removeBuilder(ctx, name);
      await rmdir(folder).catch((error: unknown) => ctx.log.warn({ err: error }, 'files of builds are left'));
    },
  };
}

async function stopWorker(worker: Worker, hurry: AbortSignal, ending: AbortController): Promise<void> {
  const end = (): void => ending.abort(new Error('the builder stops'));
  if (hurry.aborted) end();
  hurry.addEventListener('abort', end, { once: true });
  await worker.stop();
}

/** Says that the builder lives, and finds out what it need not keep. */
async function keepNoting(ctx: Needs<'db' | 'log'>, { name, cache }: BuilderHost, stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted) {
    try {
      await noteBuilder(ctx, name);
      await cache.removeGone((ids) => existingSources(ctx, ids));
    } catch (error) {
      ctx.log.warn({ err: error }, 'could not say that the builder lives');
    }
    await sleep(NOTE_MS, undefined, { signal: stopped }).catch(() => undefined);
  }
}

/** The folder of this builder; those of builders that were killed are removed. */
async function openFolder(parent: string, user: BuildUser | undefined): Promise<string> {
  await mkdir(parent, { recursive: true, mode: 0o711 });
  for (const entry of await readdir(parent)) {
    const pid = /^builder-(\d+)$/.exec(entry)?.[1];
    if (pid === undefined || isAnotherProcessAlive(Number(pid))) continue;
    const left = path.join(parent, entry);
    for (const build of await readdir(left)) await removeBuildFolder(path.join(left, build), user);
    await rmdir(left);
  }
  const folder = path.join(parent, `builder-${process.pid}`);
  await mkdir(folder, { recursive: true, mode: 0o711 });
  return folder;
}
