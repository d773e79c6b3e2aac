import { gunzipSync } from 'node:zlib';
import { basic } from '../helpers/test-server';
import { digestOf } from '../helpers/v2-client';
import type { ClientHub } from './hub';

/** An image as the hub serves it, after each digest was compared with the bytes. */
export interface Served {
  readonly digest: string;
  readonly config: string;
  readonly layers: readonly string[];
  readonly mediaType: string;
  /** the layers without compression, one after the other */
  readonly text: string;
}

interface ManifestBody {
  readonly mediaType?: string;
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string; readonly size: number }[];
}

async function bytesOf({ url }: ClientHub, path: string): Promise<{ bytes: Buffer; response: Response }> {
  const headers = { Authorization: basic('alice'), Accept: '*/*' };
  const response = await fetch(`${url}/v2/${path}`, { headers });
  if (response.status !== 200) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
  return { bytes: Buffer.from(await response.arrayBuffer()), response };
}

/** Status of the answer to a request for a manifest. */
export async function statusOf({ url }: ClientHub, repository: string, reference: string): Promise<number> {
  const headers = { Authorization: basic('alice') };
  const { status } = await fetch(`${url}/v2/${repository}/manifests/${reference}`, { method: 'HEAD', headers });
  return status;
}

/** The body of a manifest or index. */
export async function manifestOf(hub: ClientHub, repository: string, reference: string): Promise<unknown> {
  return JSON.parse((await bytesOf(hub, `${repository}/manifests/${reference}`)).bytes.toString());
}

/** Downloads a manifest, its config and its layers, and compares each with its digest. */
export async function served(hub: ClientHub, repository: string, reference: string): Promise<Served> {
  const { bytes, response } = await bytesOf(hub, `${repository}/manifests/${reference}`);
  const digest = digestOf(bytes);
  expect(response.headers.get('docker-content-digest')).toBe(digest);
  const { config, layers } = JSON.parse(bytes.toString()) as ManifestBody;
  const contents: string[] = [];
  for (const blob of [config.digest, ...layers.map((layer) => layer.digest)]) {
    const content = await bytesOf(hub, `${repository}/blobs/${blob}`);
    expect(digestOf(content.bytes)).toBe(blob);
    contents.push((content.bytes[0] === 0x1f ? gunzipSync(content.bytes) : content.bytes).toString());
  }
  return {
    digest,
    config: config.digest,
    layers: layers.map((layer) => layer.digest),
    mediaType: response.headers.get('content-type') ?? '',
    text: contents.slice(1).join(''),
  };
}

/** How many blobs the hub has received so far, and how many it has linked from another repository instead. */
export async function blobsReceived({ servers }: ClientHub): Promise<{ uploaded: number; mounted: number }> {
  const texts = await Promise.all(servers.map(async (url) => (await fetch(`${url}/metrics`)).text()));
  const lines = texts.flatMap((text) => text.split('\n'));
  const count = (method: string, route: string): number => {
    const start = `drydock_http_request_duration_seconds_count{method="${method}",route="${route}`;
    return lines.reduce((sum, line) => (line.startsWith(start) ? sum + Number(line.split(' ').at(-1)) : sum), 0);
  };
  const uploads = '/v2/:namespace/:repository/blobs/uploads';
  return {
    uploaded: count('PUT', `${uploads}/:upload",status="201"`),
    mounted: count('POST', `${uploads}",status="201"`),
  };
}
