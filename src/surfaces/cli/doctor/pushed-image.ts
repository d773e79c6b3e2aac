import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { Budget, UNLIMITED } from '../../../features/images/tar/budget';
import { tarSum } from '../../../features/images/tar/tarsum';
import { TAR_TRAILER, writeFiles } from '../../../platform/tar/write-tar';
import type { Generation } from './generations';

/** An image as the engine sends it. */
export interface PushedImage {
  readonly id: string;
  readonly parent: string | undefined;
  readonly json: Buffer;
  /** decides instead of `json`, if the server derives the image from a push over v2 */
  readonly derived?: { readonly needed: string; readonly fits: (json: Buffer) => boolean };
  readonly layer: Buffer;
  readonly tarsum: string;
  /** `X-Docker-Checksum-Payload`, if the engine sends it */
  readonly payload: string | undefined;
}

/** Two tags on one chain of images, created for each engine. */
export interface PushedRepository {
  /** parents first */
  readonly images: readonly PushedImage[];
  readonly tags: Readonly<Record<string, string>>;
}

/** A layer as the engine has it on disk, and as it sends it. */
interface Layer {
  readonly tar: Buffer;
  readonly sent: Buffer;
}

type Draft = Pick<PushedImage, 'id' | 'parent' | 'json'> & { readonly layer: Layer };

const FILE_BYTES = 4_000;
const CREATED = '2014-05-13T16:53:20Z';

/** A base, the image `one` on it and the image `two` on `one`, each with its own layer. */
export async function createPushedRepository(generation: Generation): Promise<PushedRepository> {
  const [base, one, two] = [
    createLayer(generation, 'base'),
    createLayer(generation, 'one'),
    createLayer(generation, 'two'),
  ];
  const drafts =
    generation.imageStyle === 'engine ids' ? engineImages([base, one, two]) : contentImages(base, one, two);
  const images: PushedImage[] = [];
  for (const draft of drafts.all) images.push(await summed(generation, draft));
  return { images, tags: { one: drafts.one, two: drafts.two } };
}

function createLayer(generation: Generation, name: string): Layer {
  const files = writeFiles(
    [
      { name: `${name}.txt`, body: Buffer.from(`the layer ${name} of ${generation.version}\n`) },
      { name: `${name}.bin`, body: randomBytes(FILE_BYTES) },
    ],
    new Date(CREATED),
  );
  const tar = Buffer.concat([files, TAR_TRAILER]);
  return { tar, sent: gzipSync(generation.tarTrailer ? tar : files) };
}

interface Drafts {
  readonly all: readonly Draft[];
  readonly one: string;
  readonly two: string;
}

/** Images as engines before 1.10 create them: random ids, and a whole configuration in each json. */
function engineImages(layers: readonly [Layer, Layer, Layer]): Drafts {
  const ids: [string, string, string] = [randomId(), randomId(), randomId()];
  const all = layers.map((layer, step) => {
    const id = ids[step] ?? randomId();
    const parent = ids[step - 1];
    const json = {
      id,
      ...(parent === undefined ? {} : { parent }),
      created: CREATED,
      container_config: { Cmd: ['/bin/sh', '-c', `step ${step}`] },
      docker_version: '1.0.0',
      config: { Cmd: ['/bin/sh'], Env: ['PATH=/bin'] },
      architecture: 'amd64',
      os: 'linux',
      Size: FILE_BYTES,
    };
    return { id, parent, json: Buffer.from(JSON.stringify(json)), layer };
  });
  return { all, one: ids[1], two: ids[2] };
}

/**
 * Images as 1.10 and later convert them (protocol 11.2): ancestors are stubs named after their layers, and only a
 * tagged image has a configuration. So the layer of `one` is uploaded twice: as `one`, and as the stub below `two`.
 */
function contentImages(base: Layer, one: Layer, two: Layer): Drafts {
  const baseStub = stub(base);
  const topOne = top(one, baseStub.id, 'one');
  const oneStub = stub(one, baseStub.id);
  const topTwo = top(two, oneStub.id, 'two');
  return { all: [baseStub, topOne, oneStub, topTwo], one: topOne.id, two: topTwo.id };
}

function stub(layer: Layer, parent?: string): Draft {
  const diffId = `sha256:${sha256(layer.tar)}`;
  const id = parent === undefined ? diffId.slice('sha256:'.length) : sha256(`sha256:${parent} ${diffId}`);
  return { id, parent, json: Buffer.from(JSON.stringify({ id, parent })), layer };
}

function top(layer: Layer, parent: string, name: string): Draft {
  const config = { architecture: 'amd64', config: { Cmd: ['/bin/sh'], Env: ['PATH=/bin'] }, created: CREATED };
  const id = sha256(JSON.stringify({ ...config, rootfs: sha256(layer.tar), name }));
  return { id, parent, json: Buffer.from(JSON.stringify({ ...config, id, os: 'linux', parent })), layer };
}

async function summed(generation: Generation, { id, parent, json, layer }: Draft): Promise<PushedImage> {
  const { tarsums } = await tarSum(bytesOf(layer.sent), json, new Budget(UNLIMITED));
  return {
    id,
    parent,
    json,
    layer: layer.sent,
    tarsum: tarsums[0] ?? '',
    payload: payloadSum(generation, json, layer),
  };
}

/**
 * The payload checksum (protocol 5.2). 0.9 computed it before its tarsum writer dropped the trailer, so no server can
 * verify it.
 */
function payloadSum(generation: Generation, json: Buffer, layer: Layer): string | undefined {
  switch (generation.payloadSum) {
    case 'none':
      return undefined;
    case 'tar':
      return `sha256:${sha256(layer.tar)}`;
    case 'json and layer':
      return `sha256:${sha256(json, '\n', layer.sent)}`;
  }
}

async function* bytesOf(bytes: Buffer): AsyncGenerator<Buffer, void, undefined> {
  yield bytes;
}

function randomId(): string {
  return randomBytes(32).toString('hex');
}

function sha256(...parts: readonly (Buffer | string)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
