import { createHash, randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { gzipSync, gunzipSync } from 'node:zlib';
import { digestOf } from '../../../platform/bytes/digest';

import { type V2Manifest } from '../../../client/v2/v2-client';
import { TAR_TRAILER, writeFiles } from '../../../platform/tar/write-tar';
import type { PushedImage, PushedRepository } from './pushed-image';

/** An image for a push over v2, and what it must be over v1. */
export interface V2Image {
  readonly blobs: readonly Buffer[];
  readonly manifest: V2Manifest;
  readonly expected: PushedRepository;
}

const CREATED = '2024-05-13T16:53:20Z';
const DOCKER = 'application/vnd.docker';
const MANIFEST_TYPE = `${DOCKER}.distribution.manifest.v2+json`;
const ABOUT = { architecture: 'amd64', config: { Cmd: ['/bin/sh'], Env: ['PATH=/bin'] }, os: 'linux' };

/** An image of a new layer and of one that was pushed over v1. */
export function createV2Image(tag: string, known: Buffer): V2Image {
  const layers = [createLayer(), known];
  const diffIds = layers.map((layer) => digestOf(gunzipSync(layer)));
  const history = layers.map((_, at) => ({ created: CREATED, created_by: `layer ${at}` }));
  const config = Buffer.from(
    JSON.stringify({ ...ABOUT, created: CREATED, history, rootfs: { type: 'layers', diff_ids: diffIds } }),
  );
  return {
    blobs: [...layers, config],
    manifest: { mediaType: MANIFEST_TYPE, bytes: manifestOf(config, layers) },
    expected: expectedOf(tag, config, layers, diffIds),
  };
}

function createLayer(): Buffer {
  const file = { name: 'v2.bin', body: randomBytes(4_000) };
  return gzipSync(Buffer.concat([writeFiles([file], new Date(CREATED)), TAR_TRAILER]));
}

function manifestOf(config: Buffer, layers: readonly Buffer[]): Buffer {
  const describe = (mediaType: string, bytes: Buffer) => ({ mediaType, size: bytes.length, digest: digestOf(bytes) });
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: describe(`${DOCKER}.container.image.v1+json`, config),
    layers: layers.map((layer) => describe(`${DOCKER}.image.rootfs.diff.tar.gzip`, layer)),
  };
  return Buffer.from(JSON.stringify(manifest, undefined, 3));
}

/** The images over v1, with the ids under which docker 17.05 pushes them (bridge 9). */
function expectedOf(
  tag: string,
  config: Buffer,
  layers: readonly Buffer[],
  diffIds: readonly string[],
): PushedRepository {
  const top = hexOf(digestOf(config));
  const images = layers.map((layer, at): PushedImage => {
    const isTop = at === layers.length - 1;
    const id = isTop ? top : chainId(diffIds.slice(0, at + 1));
    const parent = at === 0 ? undefined : chainId(diffIds.slice(0, at));
    const members = { id, ...(parent === undefined ? {} : { parent }), ...(isTop ? ABOUT : {}) };
    const needed = `json with ${JSON.stringify(members)}`;
    const derived = { needed, fits: (json: Buffer) => hasMembers(json, members) };
    return { id, parent, json: Buffer.alloc(0), derived, layer, tarsum: '', payload: undefined };
  });
  return { images, tags: { [tag]: top } };
}

function chainId(diffIds: readonly string[]): string {
  const [first = '', ...rest] = diffIds.map(hexOf);
  return rest.reduce((below, hex) => sha256(`sha256:${below} sha256:${hex}`), first);
}

function hexOf(digest: string): string {
  return digest.slice('sha256:'.length);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Whether the json has these members, and a parent only if they have one. */
function hasMembers(json: Buffer, members: Readonly<Record<string, unknown>>): boolean {
  try {
    const found = JSON.parse(json.toString()) as Record<string, unknown>;
    const names = [...Object.keys(members), 'parent'];
    return names.every((name) => isDeepStrictEqual(found[name], members[name]));
  } catch {
    return false;
  }
}
