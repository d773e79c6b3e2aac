import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { createImage, pushImages, type TestImage } from './images';
import type { TestServer } from './test-server';
import { digestOf, imageOf, pushBlob, pushManifest, type Described } from './v2-client';

/* Images that are pushed over one protocol to be pulled over the other. */

/** Bytes that stand for a tar archive. */
export const tarOf = (text: string): Buffer => Buffer.concat([Buffer.from(text), Buffer.alloc(1024)]);

/** Pushes a chain over v1, the base first, with a tag on its last image. */
export async function pushOverV1(
  server: Pick<TestServer, 'server'>,
  name: string,
  layers: readonly Buffer[],
): Promise<TestImage[]> {
  const images: TestImage[] = [];
  for (const layer of layers) {
    const parent = images.at(-1)?.id;
    images.push(createImage({ layer, ...(parent === undefined ? {} : { parent }) }));
  }
  await pushImages(server, name, images, { tag: 'latest' });
  return images;
}

const CONFIG = 'application/vnd.oci.image.config.v1+json';
const GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';
/** The id of v1 that is this digest. */
export const hex = (digest: string): string => digest.slice('sha256:'.length);

/** An image that was pushed over v2. */
export interface PushedOverV2 {
  readonly manifest: Described;
  readonly config: Described;
  readonly layers: readonly Described[];
  readonly diffIds: readonly string[];
}

/** Pushes an image over v2; its layers are random, in gzip unless `encode` says otherwise. */
export async function pushOverV2(
  server: Pick<TestServer, 'server'>,
  name: string,
  {
    layers = 2,
    tag = 'latest',
    config = {},
    type = GZIP,
    encode = gzipSync,
  }: { layers?: number; tag?: string; config?: object; type?: string; encode?: (tar: Buffer) => Buffer } = {},
): Promise<PushedOverV2> {
  const tars = Array.from({ length: layers }, () => Buffer.concat([randomBytes(100), Buffer.alloc(1024)]));
  const described: Described[] = [];
  for (const tar of tars) {
    const bytes = encode(tar);
    described.push({ mediaType: type, digest: await pushBlob(server, name, bytes), size: bytes.length });
  }
  const diffIds = tars.map((tar) => digestOf(tar));
  const text = JSON.stringify({
    created: '2026-01-02T03:04:05.123456789+02:00',
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: 'sh', Env: ['A=b'] },
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: [
      { created: '2026-01-01T00:00:00Z', created_by: 'ADD base /' },
      { created: 'yesterday', created_by: 'ENV A=b', empty_layer: true },
      { created: 'yesterday', created_by: 'RUN make' },
    ],
    ...config,
  });
  const configBlob = { mediaType: CONFIG, digest: await pushBlob(server, name, Buffer.from(text)), size: text.length };
  const manifest = await pushManifest(server, name, tag, imageOf(configBlob, described));
  return { manifest, config: configBlob, layers: described, diffIds };
}
