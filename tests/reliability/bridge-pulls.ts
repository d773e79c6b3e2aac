import { query } from '../../src/platform/db/query';
import { compressionOf, uncompressed } from '../crossing/odd/compression';
import type { KillableServer } from '../helpers/killable-server';
import { READERS, type Reader, type ReaderName } from '../helpers/manifest-readers';
import { digestOf, type Described } from '../helpers/v2-client';
import { diffIdOf } from './bridge-material';
import { engineClient, type EngineClient } from './engine-client';

/* Pulls over both protocols, which must have the same file systems. */

/** Of an image manifest, or of an index. */
interface Manifest {
  readonly config: Described;
  readonly layers: readonly Described[];
  readonly manifests?: readonly (Described & { readonly platform: { readonly architecture: string } })[];
}

/** Engines that pull over both protocols, as one of v1 and as some of v2; all must get the same files. */
const SIDES: readonly { arch: string; readers: readonly ReaderName[] }[] = [
  { arch: 'amd64', readers: ['a client without Accept', 'docker 28.5', 'docker 22.06', 'docker 18.09'] },
  { arch: 'arm64', readers: ['docker 18.09 on arm64'] },
];

/** Engines that know neither OCI nor zstd. */
const OLD: readonly ReaderName[] = ['docker 18.09', 'docker 18.09 on arm64'];

function headersOf(reader: ReaderName): Record<string, string> {
  const { agent, accept }: Reader = READERS[reader];
  return {
    ...(agent === undefined ? {} : { 'User-Agent': agent }),
    ...(accept.length > 0 && { Accept: accept.join() }),
  };
}

async function get(engine: EngineClient, path: string, headers: Record<string, string> = {}): Promise<Buffer> {
  return (await engine.send({ method: 'GET', path, authorization: engine.basic, headers }, [200])).bytes;
}

async function pullBlob(engine: EngineClient, repository: string, { digest, size }: Described): Promise<Buffer> {
  const bytes = await get(engine, `/v2/${repository}/blobs/${digest}`);
  expect([digestOf(bytes), bytes.length]).toEqual([digest, size]);
  return bytes;
}

/** The manifest of an image; of an index, that of amd64. */
async function pullManifest(
  engine: EngineClient,
  reader: ReaderName,
  repository: string,
  reference: string,
): Promise<Manifest> {
  const bytes = await get(engine, `/v2/${repository}/manifests/${reference}`, headersOf(reader));
  if (reference.includes(':')) expect(digestOf(bytes)).toBe(reference);
  const manifest = JSON.parse(bytes.toString()) as Manifest;
  const usual = manifest.manifests?.find(({ platform }) => platform.architecture === 'amd64');
  return usual === undefined ? manifest : pullManifest(engine, reader, repository, usual.digest);
}

/** The digests of the archives in an image, which its config must name. */
async function diffIdsOverV2(
  engine: EngineClient,
  reader: ReaderName,
  repository: string,
  tag: string,
): Promise<string[]> {
  const { config, layers } = await pullManifest(engine, reader, repository, tag);
  const diffIds: string[] = [];
  for (const descriptor of layers) {
    const layer = await pullBlob(engine, repository, descriptor);
    if (OLD.includes(reader)) expect(['gzip', 'none']).toContain(compressionOf(layer));
    diffIds.push(diffIdOf(layer, uncompressed));
  }
  const { rootfs } = JSON.parse((await pullBlob(engine, repository, config)).toString()) as {
    rootfs: { diff_ids: string[] };
  };
  expect(diffIds).toEqual(rootfs.diff_ids);
  return diffIds;
}

async function diffIdsOverV1(engine: EngineClient, repository: string, tag: string, arch: string): Promise<string[]> {
  const agent = `docker/1.13.1 go/go1.7.5 kernel/4.4 os/linux arch/${arch}`;
  const pulled = await engine.pull(repository, tag, { 'User-Agent': agent });
  return pulled.reverse().map(({ layer }) => diffIdOf(layer, uncompressed));
}

/**
 * Pulls every tag whole over v1 and over v2, with engines of several ages, and compares what they have.
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
    for (const { arch, readers } of SIDES) {
      const overV1 = await diffIdsOverV1(engine, repository, name, arch);
      for (const reader of readers) {
        const overV2 = await diffIdsOverV2(engine, reader, repository, name);
        expect([repository, name, reader, overV2]).toEqual([repository, name, reader, overV1]);
      }
    }
  }
  engine.close();
  return tags.length;
}
