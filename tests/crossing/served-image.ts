import { hex } from '../helpers/crossing-images';
import { call } from '../helpers/registry-client';
import { basic, type TestServer } from '../helpers/test-server';
import { digestOf, type Described } from '../helpers/v2-client';
import { chainIdsOf } from './chain-ids';

/** An image as clients of v2 get it. */
export interface ServedImage {
  readonly digest: string;
  /** the digest of the config */
  readonly id: string;
  /** the digests of its layers */
  readonly layers: readonly string[];
  readonly config: { readonly created?: string; readonly config?: { readonly Cmd?: readonly string[] } };
  /** the ids that docker 17.05 gives its layers over v1, the base first (bridge 9, step 2) */
  readonly v1Ids: readonly string[];
}

async function bytesOf(server: TestServer, path: string): Promise<Buffer> {
  const { status, bytes } = await call(server, 'get', path, { authorization: basic('alice') });
  expect({ path, status }).toEqual({ path, status: 200 });
  return bytes;
}

/** Reads the manifest of a tag, and the config that it names. */
export async function servedImage(server: TestServer, repository: string, tag: string): Promise<ServedImage> {
  const manifest = await bytesOf(server, `/v2/${repository}/manifests/${tag}`);
  const { config, layers } = JSON.parse(manifest.toString()) as { config: Described; layers: readonly Described[] };
  const bytes = await bytesOf(server, `/v2/${repository}/blobs/${config.digest}`);
  const parsed = JSON.parse(bytes.toString()) as ServedImage['config'] & { rootfs: { diff_ids: string[] } };
  const chainIds = chainIdsOf(parsed.rootfs.diff_ids).map(hex);
  return {
    digest: digestOf(manifest),
    id: config.digest,
    layers: layers.map((layer) => layer.digest),
    config: parsed,
    v1Ids: [...chainIds.slice(0, -1), hex(config.digest)],
  };
}
