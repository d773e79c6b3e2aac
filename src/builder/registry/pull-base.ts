import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { digestOf } from '../../platform/bytes/digest';
import { BuildFailure } from '../build-failure';
import { ask, expectStatus, type Hub } from './hub';
import { ACCEPTED, imageConfig, imageIndex, imageManifest, type Descriptor } from './manifest';

/** An image of the hub. */
export interface HubImage {
  /** `namespace/name` */
  readonly repository: string;
  /** A tag, or a digest. */
  readonly reference: string;
}

/** A base image that was pulled. */
export interface PulledBase {
  readonly repository: string;
  /** In skopeo's `dir:` format. */
  readonly folder: string;
  /** Its layers, by the digests of their unpacked bytes. */
  readonly layers: ReadonlyMap<string, Descriptor>;
}

/** The largest manifest that the hub stores. */
const MAX_MANIFEST = 4 * 2 ** 20;

/**
 * Pulls an image of the hub into a folder, which then is an image in skopeo's `dir:` format.
 *
 * @param architecture - which image of an index, such as `amd64`
 * @param limitBytes - of all blobs together
 * @throws BuildFailure when there is no such image, none for the architecture, or it is too large
 */
export async function pullBase(
  hub: Hub,
  { repository, reference }: HubImage,
  folder: string,
  { architecture, limitBytes }: { readonly architecture: string; readonly limitBytes: number },
): Promise<PulledBase> {
  const bytes = await manifestBytes(hub, repository, reference, architecture);
  const { config, layers } = imageManifest.parse(JSON.parse(bytes.toString()));
  const blobs = [...new Map([config, ...layers].map((each) => [each.digest, each])).values()];
  if (blobs.reduce((sum, { size }) => sum + size, 0) > limitBytes) {
    throw new BuildFailure(`The base image ${repository}:${reference} is too large to build on.`);
  }
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'version'), 'Directory Transport Version: 1.1\n');
  await writeFile(path.join(folder, 'manifest.json'), bytes);
  for (const blob of blobs) await pullBlob(hub, repository, blob, folder);
  const { rootfs } = imageConfig.parse(JSON.parse(await readFile(path.join(folder, hexOf(config.digest)), 'utf8')));
  const known = rootfs.diff_ids.flatMap((id, at): [string, Descriptor][] => {
    const layer = layers[at];
    return layer === undefined ? [] : [[id, layer]];
  });
  return { repository, folder, layers: new Map(known) };
}

/** The name of a blob in a `dir:` folder. */
export function hexOf(digest: string): string {
  return digest.slice('sha256:'.length);
}

/** The manifest of one image: of an index, the one for the architecture. */
async function manifestBytes(hub: Hub, repository: string, reference: string, architecture: string): Promise<Buffer> {
  const shown = `${repository}${reference.includes(':') ? '@' : ':'}${reference}`;
  const what = `The base image ${shown} could not be pulled`;
  const answer = await ask(hub, `/v2/${repository}/manifests/${reference}`, { headers: { Accept: ACCEPTED } });
  const bytes = Buffer.from(await (await expectStatus(answer, 200, what)).arrayBuffer());
  if (bytes.length > MAX_MANIFEST) throw new BuildFailure(`${what}: its manifest is too large.`);
  if (reference.startsWith('sha256:') && digestOf(bytes) !== reference) throw new BuildFailure(`${what}: wrong bytes.`);
  const index = imageIndex.safeParse(JSON.parse(bytes.toString())).data;
  if (index === undefined) return bytes;
  const found = index.manifests.find(
    ({ platform }) => platform?.os === 'linux' && platform.architecture === architecture,
  );
  if (found === undefined) throw new BuildFailure(`The base image ${shown} has no image for linux/${architecture}.`);
  return manifestBytes(hub, repository, found.digest, architecture);
}

async function pullBlob(hub: Hub, repository: string, { digest, size }: Descriptor, folder: string): Promise<void> {
  const what = `A layer of the base image ${repository} could not be pulled`;
  const answer = await expectStatus(await ask(hub, `/v2/${repository}/blobs/${digest}`), 200, what);
  const hash = createHash('sha256');
  let arrived = 0;
  const check = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      arrived += chunk.length;
      hash.update(chunk);
      done(arrived > size ? new BuildFailure(`${what}: it is longer than its manifest says.`) : null, chunk);
    },
  });
  const file = createWriteStream(path.join(folder, hexOf(digest)), { flags: 'wx' });
  await pipeline(Readable.fromWeb(answer.body as ReadableStream), check, file);
  if (`sha256:${hash.digest('hex')}` !== digest) throw new BuildFailure(`${what}: wrong bytes.`);
}
