import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { packTar } from '../features/images/tar/pack-tar';
import { digestOf, imageOf, OCI_INDEX, OCI_MANIFEST, type Described } from '../helpers/v2-client';

/* OCI image layouts: folders from which skopeo, crane and oras push, and into which they pull. */

/** What a client has of an image. */
export interface Held {
  /** the digest of its manifest, if the client knows it */
  readonly digest?: string;
  /** the digest of its config */
  readonly config: string;
  /** the content of its file /etc/motd */
  readonly motd: string;
}

/** A sentence that is in no other image. */
export function newMotd(): string {
  return `Welcome aboard ${randomUUID()}`;
}

/** The tar archive of a layer with one file. */
export function layerTar(motd: string): Buffer {
  return packTar({ name: 'etc/motd', body: Buffer.from(motd) });
}

async function put(dir: string, mediaType: string, content: Buffer | object): Promise<Described> {
  const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
  const digest = digestOf(bytes);
  await writeFile(path.join(dir, 'blobs', digest.replace(':', '/')), bytes);
  return { mediaType, digest, size: bytes.length };
}

/** Packs a layer. */
export type Encode = (tar: Buffer) => Buffer;

/** Writes an image as a layout, under the tag 1. */
export async function writeLayout(
  dir: string,
  config: object,
  tars: readonly Buffer[],
  encode: Encode = gzipSync,
): Promise<{ digest: string; config: string }> {
  await mkdir(path.join(dir, 'blobs/sha256'), { recursive: true });
  const configBlob = await put(dir, 'application/vnd.oci.image.config.v1+json', config);
  const layers: Described[] = [];
  for (const tar of tars) layers.push(await put(dir, 'application/vnd.oci.image.layer.v1.tar+gzip', encode(tar)));
  const manifest = await put(dir, OCI_MANIFEST, imageOf(configBlob, layers));
  const annotations = { 'org.opencontainers.image.ref.name': '1' };
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [{ ...manifest, annotations }] };
  await writeFile(path.join(dir, 'index.json'), JSON.stringify(index));
  await writeFile(path.join(dir, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  return { digest: manifest.digest, config: configBlob.digest };
}

/** Writes an image of one layer as a layout. */
export async function createLayout(
  dir: string,
  motd: string,
  { architecture = 'amd64', encode = gzipSync }: { architecture?: string; encode?: Encode } = {},
): Promise<Held> {
  const tar = layerTar(motd);
  const config = {
    created: '2026-01-02T03:04:05Z',
    architecture,
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
    history: [{ created: '2026-01-02T03:04:05Z', created_by: 'COPY motd /etc/motd' }],
  };
  return { ...(await writeLayout(dir, config, [tar], encode)), motd };
}

/** Reads an image of one layer from a layout, and compares each digest with the bytes. */
export async function readLayout(dir: string): Promise<Held> {
  const blob = async (digest: string): Promise<Buffer> => {
    const bytes = await readFile(path.join(dir, 'blobs', digest.replace(':', '/')));
    expect(digestOf(bytes)).toBe(digest);
    return bytes;
  };
  const index = JSON.parse(await readFile(path.join(dir, 'index.json'), 'utf8')) as { manifests: Described[] };
  const digest = index.manifests[0]?.digest ?? '';
  const { config, layers } = JSON.parse((await blob(digest)).toString()) as { config: Described; layers: Described[] };
  await blob(config.digest);
  const tar = gunzipSync(await blob(layers[0]?.digest ?? ''));
  return { digest, config: config.digest, motd: motdIn(tar.toString()) };
}

/** The sentence of `newMotd` in text around it. */
export function motdIn(text: string): string {
  return /Welcome aboard [0-9a-f-]{36}/.exec(text)?.[0] ?? '';
}
