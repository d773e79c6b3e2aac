import { randomBytes } from 'node:crypto';
import { bearerFor, type V2Target } from '../clients/v2-client';
import { patchChunked, putMonolithic } from '../clients/v2-upload';
import { cpuSeconds } from '../measure/cpu';
import { compare, measureRounds, type Contender } from '../measure/figures';
import { startDockerRegistry } from '../servers/docker-registry';
import { BASIC, startDrydock } from '../servers/drydock';
import { pushBlob } from './layer-upload';
import type { Row } from './row';

const REPOSITORY = 'bench/upload';
const GIGABYTE = 1e9;

const WAYS = [
  { way: 'POST, PATCH, PUT', push: patchChunked },
  { way: 'POST, PUT', push: putMonolithic },
] as const;

/** A large blob that arrives, is hashed and is safe on disk, in the two ways in which clients push it. */
export const v2Upload: Row = {
  name: 'v2-blob-put',
  needs: ['docker-registry'],
  measure: async (bench, resources) => {
    const server = await startDrydock(resources, bench.environment);
    const registry = await startDockerRegistry(resources);
    const headers = await bearerFor(server.url, REPOSITORY, BASIC);
    const mebibytes = bench.isQuick ? 32 : 256;
    const blob = randomBytes(mebibytes * 1024 * 1024);
    const cpu = new Map<string, number[]>();
    const contender = (name: string, pid: number, push: typeof putMonolithic, target: V2Target): Contender => ({
      name,
      measure: async () => {
        const before = cpuSeconds([pid]);
        const rate = await pushBlob(push, target, blob);
        cpu.set(name, [...(cpu.get(name) ?? []), (cpuSeconds([pid]) - before) / (blob.length / GIGABYTE)]);
        return rate;
      },
    });
    const repository = REPOSITORY;
    const contenders = WAYS.flatMap(({ way, push }) => [
      contender(`Drydock ${way}`, server.pid, push, { url: server.url, repository, headers }),
      contender(`docker-registry ${way}`, registry.pid, push, { url: registry.url, repository }),
    ]);
    const figures = await measureRounds(contenders, bench.rounds, bench.progress);
    return WAYS.flatMap(({ way }) => {
      const what = `push of a blob of ${mebibytes} MiB: ${way}`;
      const line = { ours: `Drydock ${way}`, peer: `docker-registry ${way}`, peerName: 'docker-registry' };
      return [
        compare(figures, { ...line, what, goal: { atLeast: 1.5 }, unit: 'MB/s' }),
        compare(cpu, { ...line, what: `${what}, CPU`, unit: 's/GB' }),
      ];
    });
  },
};
