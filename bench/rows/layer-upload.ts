import { createHash, randomBytes } from 'node:crypto';
import { call } from '../clients/http';
import { chunked, upload } from '../clients/raw-transfer';
import { startPush } from '../../src/client/v1/v1-client';
import { finishLatest } from '../clients/v1-client';
import type { V2Target } from '../clients/v2-client';
import { patchChunked, putMonolithic } from '../clients/v2-upload';
import { compare, measureRounds } from '../measure/figures';
import { run } from '../measure/processes';
import { startDockerRegistry } from '../servers/docker-registry';
import { BASIC, startDrydock } from '../servers/drydock';
import type { Row } from './row';

/** Where layers and blobs are pushed. */
export const UPLOAD_REPOSITORY = 'bench/upload';
const MEGABYTE = 1e6;

/** Bytes that no server has seen, so that none of them can skip the work. */
function freshen(layer: Buffer): string {
  randomBytes(32).copy(layer);
  return createHash('sha256').update(layer).digest('hex');
}

/** Runs one transfer on a quiet disk, because pending writes of the last one would count towards this one's fsync. */
export async function rateOf(bytes: number, transfer: () => Promise<void>): Promise<number> {
  await run({ file: 'sync', args: [] });
  const startedAt = performance.now();
  await transfer();
  return bytes / MEGABYTE / ((performance.now() - startedAt) / 1000);
}

/** Pushes an image with one layer that is new. */
export async function pushToDrydock(url: string, layer: Buffer): Promise<number> {
  freshen(layer);
  return pushLayer(url, layer);
}

/** Pushes an image with one layer. The whole push counts: list, json, layer, checksum, tag, list. */
export async function pushLayer(url: string, layer: Buffer, bytesPerSecond?: number): Promise<number> {
  const id = randomBytes(32).toString('hex');
  const json = JSON.stringify({ id, created: '2015-02-10T18:00:00Z', architecture: 'amd64', os: 'linux' });
  const payload = createHash('sha256').update(`${json}\n`).update(layer).digest('hex');
  const body = chunked(layer);
  const target = { url, basic: BASIC, repository: UPLOAD_REPOSITORY };
  return rateOf(layer.length, async () => {
    const session = await startPush(target, [id]);
    const headers = { Authorization: session.authorization };
    const image = `${url}/v1/images/${id}`;
    await call({ method: 'PUT', url: `${image}/json`, headers, body: json });
    const framing = { ...headers, 'Transfer-Encoding': 'chunked' };
    await upload({ method: 'PUT', url: `${image}/layer`, headers: framing }, body, 200, bytesPerSecond);
    const checksum = { ...headers, 'X-Docker-Checksum-Payload': `sha256:${payload}` };
    await call({ method: 'PUT', url: `${image}/checksum`, headers: checksum });
    await finishLatest(session, id);
  });
}

/** Pushes bytes that are new as a blob of v2; resolves to the rate. */
export async function pushBlob(push: typeof putMonolithic, target: V2Target, blob: Buffer): Promise<number> {
  const digest = `sha256:${freshen(blob)}`;
  return push(target, blob, digest, (transfer) => rateOf(blob.length, transfer));
}

/** Layers that arrive, are hashed and are safe on disk, against the better of docker-registry's two ways. */
export const layerUpload: Row = {
  name: 'layer-put',
  needs: ['docker-registry'],
  measure: async (bench, resources) => {
    const repository = UPLOAD_REPOSITORY;
    const server = await startDrydock(resources, bench.environment);
    const registry = await startDockerRegistry(resources);
    const mebibytes = bench.isQuick ? 32 : 256;
    const layer = randomBytes(mebibytes * 1024 * 1024);
    const figures = await measureRounds(
      [
        { name: 'Drydock', measure: () => pushToDrydock(server.url, layer) },
        { name: 'monolithic', measure: () => pushBlob(putMonolithic, { url: registry.url, repository }, layer) },
        { name: 'chunked', measure: () => pushBlob(patchChunked, { url: registry.url, repository }, layer) },
      ],
      bench.rounds,
      bench.progress,
      true,
    );
    const goal = { atLeast: 1.5, inEachRound: true };
    const line = { what: `PUT layer ${mebibytes} MiB`, goal, unit: 'MB/s', ours: 'Drydock' };
    const lines = ['monolithic', 'chunked'].map((peer) =>
      compare(figures, { ...line, peer, peerName: `docker-registry ${peer}` }),
    );
    return lines.sort((a, b) => b.peer - a.peer).slice(0, 1);
  },
};
