import { query } from '../../src/platform/db/query';
import type { KillableServer } from '../helpers/killable-server';
import { digestOf, type Described } from '../helpers/v2-client';
import { engineClient, type EngineClient } from './engine-client';
import { uncompressed } from './bridge-material';

/* Pulls over both protocols, which must have the same file systems. */

/** Of an image manifest, or of an index. */
interface Manifest {
  readonly config: Described;
  readonly layers: readonly Described[];
  readonly manifests?: readonly (Described & { readonly platform: { readonly architecture: string } })[];
}

async function get(engine: EngineClient, path: string): Promise<Buffer> {
  return (await engine.send({ method: 'GET', path, authorization: engine.basic }, [200])).bytes;
}

async function pullBlob(engine: EngineClient, repository: string, { digest, size }: Described): Promise<Buffer> {
  const bytes = await get(engine, `/v2/${repository}/blobs/${digest}`);
  expect([digestOf(bytes), bytes.length]).toEqual([digest, size]);
  return bytes;
}

async function pullManifest(engine: EngineClient, repository: string, reference: string): Promise<Manifest> {
  const bytes = await get(engine, `/v2/${repository}/manifests/${reference}`);
  if (reference.includes(':')) expect(digestOf(bytes)).toBe(reference);
  const manifest = JSON.parse(bytes.toString()) as Manifest;
  const usual = manifest.manifests?.find(({ platform }) => platform.architecture === 'amd64');
  return usual === undefined ? manifest : pullManifest(engine, repository, usual.digest);
}

/** The digests of the archives in an image, which its config must name. */
async function diffIdsOverV2(engine: EngineClient, repository: string, tag: string): Promise<string[]> {
  const { config, layers } = await pullManifest(engine, repository, tag);
  const diffIds: string[] = [];
  for (const layer of layers) diffIds.push(digestOf(uncompressed(await pullBlob(engine, repository, layer))));
  const { rootfs } = JSON.parse((await pullBlob(engine, repository, config)).toString()) as {
    rootfs: { diff_ids: string[] };
  };
  expect(diffIds).toEqual(rootfs.diff_ids);
  return diffIds;
}

/**
 * Pulls every tag whole over v1 and over v2, and compares what they have.
 *
 * @returns how many tags there are
 */
export async function pullOverBoth({ server, database }: KillableServer): Promise<number> {
  const engine = engineClient(server.url, 'alice');
  const tags = await query<{ repository: string; name: string }>(
    database.db,
    `select r.namespace || '/' || r.name as repository, t.name from tags t join repositories r on r.id = t.repository_id`,
  );
  for (const { repository, name } of tags) {
    const overV1 = await engine.pull(repository, name);
    const diffIds = overV1.reverse().map(({ layer }) => digestOf(uncompressed(layer)));
    expect([repository, name, await diffIdsOverV2(engine, repository, name)]).toEqual([repository, name, diffIds]);
  }
  engine.close();
  return tags.length;
}
