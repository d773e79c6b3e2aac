import { rename } from 'node:fs/promises';
import path from 'node:path';
import { BuildFailure } from './build-failure';
import type { CacheOwner } from './cache/layer-cache';
import { startBuildProxy } from './network/build-proxy';
import type { NamedBase, Running } from './running-build';
import { removeFiles } from './sandbox/build-folder';
import { buildImage, DockerfileFailed } from './sandbox/build-image';
import type { BuildInput } from './source/inside';

/** What buildah says of a step that failed; anything else may be due to the layers of earlier builds. */
const OF_STEP = /building at STEP /;

/**
 * Builds the image of a Dockerfile, with the layers that earlier builds of the repository left on this host.
 *
 * @returns the folder of the image, in `dir:` format
 * @throws BuildFailure with what buildah said last
 */
export async function runDockerfile(running: Running, input: BuildInput, bases: readonly NamedBase[]): Promise<string> {
  const { host, build, folder, log } = running;
  const owner: CacheOwner = { repositoryId: build.repository.id, sourceId: build.sourceId };
  const storage = path.join(folder.files, 'storage');
  if (!build.usesCache) await host.cache.drop(owner);
  const taken = await host.cache.take(owner, storage);
  const keep = (from: string, begunAt: number): Promise<void> => host.cache.keep(owner, from, begunAt);
  const failedAtStep = (): boolean => OF_STEP.test(log.errorLine ?? '');
  try {
    const image = await buildOnce(running, input, bases);
    await keep(storage, taken.begunAt);
    return image;
  } catch (error) {
    // A build that was killed leaves its storage in its folder.
    if (!(error instanceof DockerfileFailed)) throw error;
    if (taken.isEmpty || failedAtStep()) {
      await keep(storage, taken.begunAt);
      throw failureOf(running, error);
    }
  }
  await log.say('Building again without the layers of earlier builds');
  const unused = path.join(folder.files, 'unused-storage');
  await rename(storage, unused);
  await removeFiles(path.join(folder.files, 'image'), host.user);
  const again = host.cache.beginsNow();
  try {
    const image = await buildOnce(running, input, bases);
    await keep(storage, again);
    return image;
  } catch (error) {
    if (error instanceof DockerfileFailed) await (failedAtStep() ? keep(storage, again) : keep(unused, taken.begunAt));
    throw failureOf(running, error);
  }
}

async function buildOnce(running: Running, input: BuildInput, bases: readonly NamedBase[]): Promise<string> {
  const { host, build, folder, log, times, stopping } = running;
  const { limits, ownHosts, reach } = host.settings;
  const proxy = build.allowsNetwork ? await startBuildProxy(folder.path, host.user, reach) : undefined;
  const building = buildImage(
    {
      dockerfile: path.join('source', input.dockerfile),
      context: path.join('source', input.context),
      bases: bases.map(({ names, pulled }) => ({ folder: path.relative(folder.files, pulled.folder), names })),
      registry: ownHosts[0] ?? '',
      buildArguments: build.buildArguments,
      secrets: build.secrets,
      proxy: proxy?.folder,
    },
    { folder, user: host.user, limits, storageDriver: host.storageDriver },
    (chunk) => log.write(chunk),
    stopping,
  );
  const { image, toolMs } = await building.finally(() => proxy?.close());
  times.add('buildah', toolMs);
  return image;
}

function failureOf({ log }: Running, error: unknown): unknown {
  if (!(error instanceof DockerfileFailed) || log.errorLine === undefined) return error;
  return new BuildFailure(log.errorLine.replace(/^error:\s*/i, '').slice(0, 500), { cause: error });
}
