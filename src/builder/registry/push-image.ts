import { Readable } from 'node:stream';
import { digestOf } from '../../platform/bytes/digest';
import { BuildFailure } from '../build-failure';
import { openWithin } from '../sandbox/build-folder';
import { ask, expectStatus, type Hub } from './hub';
import {
  asDockerLayer,
  DOCKER_MANIFEST,
  imageConfig,
  imageManifest,
  type Descriptor,
  type ImageManifest,
} from './manifest';
import { hexOf, type PulledBase } from './pull-base';

const MAX_JSON = 4 * 2 ** 20;

/** As many blobs are pushed at once. */
const AT_ONCE = 4;

/** A layer of the image: one of a base in its original bytes, or a new one. */
interface Layer {
  readonly descriptor: Descriptor;
  /** Where its bytes are. */
  readonly folder: string;
  /** The repository that has it already. */
  readonly from: string | undefined;
}

/** An image as it is pushed. */
interface PushedImage {
  readonly config: Descriptor;
  readonly layers: readonly Layer[];
}

/**
 * Pushes a built image, in skopeo's `dir:` format, to the hub. buildah compresses all layers again: those of base images
 * are replaced by the original ones, so that they are stored once, and mounted without being sent.
 *
 * @returns the digest of the manifest
 * @throws BuildFailure when the hub refuses it
 */
export async function pushImage(
  hub: Hub,
  target: { readonly repository: string; readonly tag: string },
  folder: string,
  bases: readonly PulledBase[],
): Promise<string> {
  const image = await imageToPush(folder, bases);
  const { repository, tag } = target;
  await pushBlobs(hub, repository, [...image.layers, { descriptor: image.config, folder, from: undefined }]);
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: DOCKER_MANIFEST,
    config: image.config,
    layers: image.layers.map(({ descriptor }) => descriptor),
  };
  const body = Buffer.from(JSON.stringify(manifest));
  const headers = { 'Content-Type': DOCKER_MANIFEST };
  const answer = await ask(hub, `/v2/${repository}/manifests/${tag}`, { method: 'PUT', headers, body });
  await expectStatus(answer, 201, 'The image could not be pushed');
  return digestOf(body);
}

async function imageToPush(folder: string, bases: readonly PulledBase[]): Promise<PushedImage> {
  const { config, layers } = imageManifest.parse(await readJson(folder, 'manifest.json'));
  const { rootfs } = imageConfig.parse(await readJson(folder, hexOf(config.digest)));
  const known = layers.map((built, at): Layer => {
    for (const { repository, folder: of, layers: own } of bases) {
      const original = own.get(rootfs.diff_ids[at] ?? '');
      const descriptor = original === undefined ? undefined : asDockerLayer(original);
      if (descriptor !== undefined) return { descriptor, folder: of, from: repository };
    }
    return { descriptor: built, folder, from: undefined };
  });
  return { config, layers: known };
}

async function readJson(folder: string, name: string): Promise<unknown> {
  const file = await openWithin(folder, name);
  try {
    if ((await file.stat()).size > MAX_JSON) throw new BuildFailure('The config of the image is too large.');
    return JSON.parse(await file.readFile('utf8'));
  } finally {
    await file.close();
  }
}

/** Pushes each blob once, some of them at the same time; the first failure ends all. */
async function pushBlobs(hub: Hub, repository: string, blobs: readonly Layer[]): Promise<void> {
  const failed = new AbortController();
  const asked = { ...hub, stopping: AbortSignal.any([hub.stopping, failed.signal]) };
  const waiting = [...new Map(blobs.map((blob) => [blob.descriptor.digest, blob])).values()];
  const pushNext = async (): Promise<void> => {
    for (let blob = waiting.shift(); blob !== undefined; blob = waiting.shift())
      await pushBlob(asked, repository, blob);
  };
  const pushes = Array.from({ length: AT_ONCE }, pushNext);
  try {
    await Promise.all(pushes);
  } catch (error) {
    waiting.length = 0;
    failed.abort();
    await Promise.allSettled(pushes);
    throw error;
  }
}

async function pushBlob(
  hub: Hub,
  repository: string,
  { descriptor: { digest, size }, folder, from }: Layer,
): Promise<void> {
  const what = 'A layer could not be pushed';
  const uploads = `/v2/${repository}/blobs/uploads/`;
  if (from !== undefined) {
    const mounted = await ask(hub, `${uploads}?mount=${digest}&from=${from}`, { method: 'POST' });
    if (mounted.status === 201) return;
    const begun = (await expectStatus(mounted, 202, what)).headers.get('Location') ?? '';
    await ask(hub, begun, { method: 'DELETE' });
  } else {
    const known = await ask(hub, `/v2/${repository}/blobs/${digest}`, { method: 'HEAD' });
    if (known.status === 200) return;
  }
  const file = await openWithin(folder, hexOf(digest));
  try {
    const body = Readable.toWeb(file.createReadStream({ autoClose: false })) as ReadableStream;
    const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': String(size) };
    const sent = await ask(hub, `${uploads}?digest=${digest}`, { method: 'POST', headers, body });
    await expectStatus(sent, 201, what);
  } finally {
    await file.close();
  }
}
