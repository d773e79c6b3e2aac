import { randomBytes } from 'node:crypto';
import { drainDownload, upload } from '../clients/raw-transfer';
import { patchChunked, putMonolithic } from '../clients/v2-upload';
import { startPull } from '../../src/client/v1/v1-client';
import { compare, measureRounds, type Line } from '../measure/figures';
import { startBucket, dockerRegistryIn, drydockIn, type Bucket } from '../servers/bucket';
import { startDockerRegistry } from '../servers/docker-registry';
import { BASIC, startDrydock, type Drydock } from '../servers/drydock';
import { pushBlob, pushToDrydock, rateOf, UPLOAD_REPOSITORY as repository } from './layer-upload';
import type { Row } from './row';

const MEBIBYTE = 1024 * 1024;
const MEGABYTE = 1e6;

/** The client of layers and blobs, to the bucket itself. */
function putObject({ endpoint, name }: Bucket, bytes: Buffer): Promise<number> {
  const headers = { 'Content-Length': String(bytes.length), 'x-amz-acl': 'public-read' };
  const request = { method: 'PUT', url: `${endpoint}/${name}/direct`, headers };
  return rateOf(bytes.length, () => upload(request, bytes, 200).then(() => undefined));
}

async function download(url: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const startedAt = performance.now();
  const bytes = await drainDownload({ method: 'GET', url, headers });
  return bytes / MEGABYTE / ((performance.now() - startedAt) / 1000);
}

/** The layer that was pushed last, as an engine gets it. */
async function downloadFromDrydock({ url }: Drydock): Promise<number> {
  const session = await startPull({ url, basic: BASIC, repository });
  const headers = { Authorization: session.authorization };
  const tags = (await (await fetch(`${url}/v1/repositories/${repository}/tags`, { headers })).json()) as {
    latest: string;
  };
  return download(`${url}/v1/images/${tags.latest}/layer`, headers);
}

/** Layers that arrive in a bucket and come from it, against the bucket itself, and against docker-registry on it. */
export const s3Layers: Row = {
  name: 's3-layers',
  needs: ['docker-registry', 'radosgw'],
  measure: async (bench, resources) => {
    const bucket = await startBucket(resources);
    const server = await startDrydock(resources, { ...bench.environment, ...drydockIn(bucket) });
    const registry = await startDockerRegistry(resources, dockerRegistryIn(bucket));
    const mebibytes = bench.isQuick ? 32 : 256;
    const layer = randomBytes(mebibytes * MEBIBYTE);
    let digest = '';
    const target = { url: registry.url, repository };
    const pushed =
      (push: typeof putMonolithic): typeof putMonolithic =>
      (to, blob, of, timed) => {
        digest = of;
        return push(to, blob, of, timed);
      };
    const figures = await measureRounds(
      [
        { name: 'PUT Drydock', measure: () => pushToDrydock(server.url, layer) },
        { name: 'PUT bucket', measure: () => putObject(bucket, layer) },
        { name: 'PUT monolithic', measure: () => pushBlob(pushed(putMonolithic), target, layer) },
        { name: 'PUT chunked', measure: () => pushBlob(pushed(patchChunked), target, layer) },
      ],
      bench.rounds,
      bench.progress,
    );
    const downloads = await measureRounds(
      [
        { name: 'GET Drydock', measure: () => downloadFromDrydock(server) },
        { name: 'GET bucket', measure: () => download(`${bucket.endpoint}/${bucket.name}/direct`) },
        { name: 'GET docker-registry', measure: () => download(`${registry.url}/v2/${repository}/blobs/${digest}`) },
      ],
      bench.rounds,
      bench.progress,
    );
    const what = (method: string): string => `${method} layer ${mebibytes} MiB, in a bucket`;
    const put = { what: what('PUT'), unit: 'MB/s', ours: 'PUT Drydock' };
    const get = { what: what('GET'), unit: 'MB/s', ours: 'GET Drydock' };
    const better = ['monolithic', 'chunked']
      .map((way): Line =>
        compare(figures, { ...put, goal: { atLeast: 1 }, peer: `PUT ${way}`, peerName: `docker-registry ${way}` }),
      )
      .sort((a, b) => b.peer - a.peer);
    return [
      compare(figures, { ...put, goal: { atLeast: 0.8 }, peer: 'PUT bucket', peerName: 'the bucket itself' }),
      ...better.slice(0, 1),
      compare(downloads, { ...get, goal: { atLeast: 0.8 }, peer: 'GET bucket', peerName: 'the bucket itself' }),
      compare(downloads, { ...get, goal: { atLeast: 1 }, peer: 'GET docker-registry', peerName: 'docker-registry' }),
    ];
  },
};
