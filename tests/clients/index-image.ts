import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { basic } from '../helpers/test-server';
import { digestOf, OCI_INDEX, OCI_MANIFEST, type Described } from '../helpers/v2-client';
import { createClientPlace } from './client-process';
import type { ClientHub } from './hub';
import { createLayout, newMotd, type Encode, type Held } from './layout';

/* Images, and indexes of images for two architectures, pushed without any client. */

async function send(hub: ClientHub, method: string, target: string, type: string, body: Buffer): Promise<Response> {
  const headers = { Authorization: basic('alice'), 'Content-Type': type };
  const response = await fetch(new URL(target, hub.url), { method, headers, body: new Uint8Array(body) });
  if (response.status !== 201) throw new Error(`${method} ${target}: ${response.status} ${await response.text()}`);
  return response;
}

async function putManifest(hub: ClientHub, repository: string, reference: string, type: string, bytes: Buffer) {
  await send(hub, 'PUT', `/v2/${repository}/manifests/${reference}`, type, bytes);
  return { mediaType: type, digest: digestOf(bytes), size: bytes.length };
}

/** Pushes the image of a layout. */
async function pushLayout(
  hub: ClientHub,
  repository: string,
  { dir, digest, reference = digest }: { dir: string; digest: string; reference?: string },
): Promise<Described> {
  const blob = (of: string): Promise<Buffer> => readFile(path.join(dir, 'blobs', of.replace(':', '/')));
  const manifest = await blob(digest);
  const { config, layers } = JSON.parse(manifest.toString()) as { config: Described; layers: Described[] };
  for (const part of [config, ...layers]) {
    const target = `/v2/${repository}/blobs/uploads/?digest=${part.digest}`;
    await send(hub, 'POST', target, 'application/octet-stream', await blob(part.digest));
  }
  return putManifest(hub, repository, reference, OCI_MANIFEST, manifest);
}

/** Pushes an image as the tag 1. @param encode - packs its layer, which is called gzip */
export async function pushImage(hub: ClientHub, repository: string, encode: Encode): Promise<Held> {
  const { dir, close } = await createClientPlace();
  try {
    const held = await createLayout(dir, newMotd(), { encode });
    await pushLayout(hub, repository, { dir, digest: held.digest ?? '', reference: '1' });
    return held;
  } finally {
    await close();
  }
}

/**
 * Pushes the index as the tag 1.
 *
 * @returns its digest, and what a client on linux/amd64 gets
 */
export async function pushIndex(
  hub: ClientHub,
  repository: string,
  encode?: Encode,
): Promise<{ index: string; amd64: Held }> {
  const { dir, close } = await createClientPlace();
  try {
    const images = new Map<string, Held>();
    const manifests: object[] = [];
    for (const architecture of ['arm64', 'amd64']) {
      const layout = path.join(dir, architecture);
      const held = await createLayout(layout, newMotd(), { architecture, ...(encode && { encode }) });
      images.set(architecture, held);
      const described = await pushLayout(hub, repository, { dir: layout, digest: held.digest ?? '' });
      manifests.push({ ...described, platform: { os: 'linux', architecture } });
    }
    const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
    const { digest } = await putManifest(hub, repository, '1', OCI_INDEX, body);
    return { index: digest, amd64: images.get('amd64') ?? { config: '', motd: '' } };
  } finally {
    await close();
  }
}
