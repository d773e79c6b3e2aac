import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { call } from '../clients/http';
import { createImageFolder } from '../clients/images';
import { drainDownload, type RawRequest } from '../clients/raw-transfer';
import { startPull } from '../../src/client/v1/v1-client';
import { pushChain } from '../clients/v1-client';
import { cpuSeconds } from '../measure/cpu';
import { compare, measureRounds, type Line } from '../measure/figures';
import type { Resources } from '../measure/resources';
import { BASIC, startDrydock, type Drydock } from '../servers/drydock';
import { ACCEL_PREFIX, startNginx } from '../servers/nginx';
import type { Bench, Row } from './row';

const CONCURRENCY = 4;
const MEGABYTE = 1e6;
const REPOSITORY = 'bench/large';

export const layerBytesOf = (bench: Bench): number => (bench.isQuick ? 32 : 256) * 1024 * 1024;

interface LayerServer {
  readonly server: Drydock;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

async function startLayerServer(
  bench: Bench,
  resources: Resources,
  environment: Readonly<Record<string, string>> = {},
): Promise<LayerServer> {
  const server = await startDrydock(resources, { ...bench.environment, ...environment });
  const layerBytes = layerBytesOf(bench);
  const { images, dir } = await createImageFolder(await resources.createDir('image'), { layers: 1, layerBytes });
  const target = { url: server.url, basic: BASIC, repository: REPOSITORY };
  await pushChain(target, images, dir);
  const headers = { Authorization: (await startPull(target)).authorization };
  return { server, path: `/v1/images/${images[0]?.id ?? ''}/layer`, headers };
}

interface Transfer {
  readonly megabytesPerSecond: number;
  /** The figures of each of the requested processes, in their order. */
  readonly cpuSecondsPerGigabyte: readonly number[];
}

/** Four clients download at once, again and again until enough was transferred for a steady figure. */
async function download(bench: Bench, request: RawRequest, pids: readonly number[]): Promise<Transfer> {
  const times = bench.isQuick ? 2 : 3;
  const cpuBefore = pids.map((pid) => cpuSeconds([pid]));
  const startedAt = performance.now();
  const one = async (): Promise<number> => {
    let bytes = 0;
    for (let time = 0; time < times; time += 1) bytes += await drainDownload(request);
    return bytes;
  };
  const received = await Promise.all(Array.from({ length: CONCURRENCY }, one));
  const bytes = received.reduce((sum, part) => sum + part, 0);
  return {
    megabytesPerSecond: bytes / MEGABYTE / ((performance.now() - startedAt) / 1000),
    cpuSecondsPerGigabyte: pids.map(
      (pid, index) => (cpuSeconds([pid]) - (cpuBefore[index] ?? 0)) / (bytes / (1000 * MEGABYTE)),
    ),
  };
}

/** What is downloaded from which server. */
interface Served {
  readonly server: Drydock;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly label: string;
}

/** Compares downloads with those of a file of the same size that nginx serves by `sendfile`. */
export async function againstSendfile(
  bench: Bench,
  resources: Resources,
  { server, path: servedPath, headers, label }: Served,
): Promise<Line[]> {
  const filesDir = await resources.createDir('files');
  await writeFile(path.join(filesDir, 'layer'), randomBytes(layerBytesOf(bench)));
  const nginx = await startNginx(resources, { filesDir });
  const cpu = new Map<string, number[]>([
    ['Drydock', []],
    ['nginx', []],
  ]);
  const contender = (name: string, url: string, pid: number) => ({
    name,
    measure: async (): Promise<number> => {
      const result = await download(bench, { method: 'GET', url, headers }, [pid]);
      cpu.get(name)?.push(...result.cpuSecondsPerGigabyte);
      return result.megabytesPerSecond;
    },
  });
  const contenders = [
    contender('Drydock', `${server.url}${servedPath}`, server.pid),
    contender('nginx', `${nginx.url}/layer`, nginx.pid),
  ];
  const figures = await measureRounds(contenders, bench.rounds, bench.progress);
  const what = `GET ${label} ${layerBytesOf(bench) / 1024 / 1024} MiB x ${CONCURRENCY}`;
  const line = { ours: 'Drydock', peer: 'nginx', peerName: 'nginx sendfile' };
  return [
    compare(figures, { ...line, what, goal: { atLeast: 0.95 }, unit: 'MB/s' }),
    compare(cpu, { ...line, what: `${what}, CPU`, unit: 's/GB' }),
  ];
}

/** Layers straight from Drydock. */
export const layerDownload: Row = {
  name: 'layer-get',
  needs: ['nginx'],
  measure: async (bench, resources) => {
    const served = await startLayerServer(bench, resources);
    return againstSendfile(bench, resources, { ...served, label: 'layer' });
  },
};

/** Layers that Drydock hands to an nginx in front of it: what that costs Drydock, and both together, against Drydock alone. */
export const layerOffload: Row = {
  name: 'layer-offload',
  needs: ['nginx'],
  measure: async (bench, resources) => {
    const what = 'GET layer with X-Accel-Redirect, CPU of Drydock';
    const offloading = await startLayerServer(bench, resources, { DRYDOCK_ACCEL_PREFIX: ACCEL_PREFIX });
    const { headers } = offloading;
    const handed = await call({ method: 'GET', url: `${offloading.server.url}${offloading.path}`, headers });
    if (handed.headers['x-accel-redirect'] === undefined) {
      return [{ what, skipped: 'this Drydock does not know DRYDOCK_ACCEL_PREFIX' }];
    }
    const direct = await startLayerServer(bench, resources);
    const { url: drydockUrl, dataDir } = offloading.server;
    const nginx = await startNginx(resources, { drydockUrl, dataDir });
    const viaNginx = { method: 'GET', url: `${nginx.url}${offloading.path}`, headers };
    const alone = { method: 'GET', url: `${direct.server.url}${direct.path}`, headers: direct.headers };
    const both = new Map<string, number[]>([
      ['offloaded', []],
      ['direct', []],
    ]);
    const contender = (name: string, request: RawRequest, pids: readonly number[]) => ({
      name,
      measure: async (): Promise<number> => {
        const { cpuSecondsPerGigabyte: cpu } = await download(bench, request, pids);
        both.get(name)?.push(cpu.reduce((sum, each) => sum + each, 0));
        return cpu[0] ?? 0;
      },
    });
    const contenders = [
      contender('offloaded', viaNginx, [offloading.server.pid, nginx.pid]),
      contender('direct', alone, [direct.server.pid]),
    ];
    const figures = await measureRounds(contenders, bench.rounds, bench.progress);
    const line = { unit: 's/GB', ours: 'offloaded', peer: 'direct', peerName: 'Drydock alone' };
    return [
      compare(figures, { ...line, what, goal: { atMost: 0.5 } }),
      compare(both, { ...line, what: `${what} and nginx together` }),
    ];
  },
};
