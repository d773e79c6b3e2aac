import { createHash } from 'node:crypto';
import { createImageFolder, MANIFEST_TYPE, type ImageFolder } from '../clients/images';
import { bearerFor, pushV2, type V2Target } from '../clients/v2-client';
import { cpuSeconds } from '../measure/cpu';
import { compare, measureRounds, type Contender } from '../measure/figures';
import { measureHeads } from '../measure/head-load';
import type { LoadGenerator } from '../measure/load';
import { startDockerRegistry } from '../servers/docker-registry';
import { BASIC, startDrydock } from '../servers/drydock';
import { CONNECTIONS, type Bench, type Row } from './row';

const REPOSITORY = 'bench/hot';
const LAYERS = 20;

/** A server with an image, and where its CPU time is collected. */
interface Side {
  readonly label: string;
  readonly target: V2Target;
  readonly pids: readonly number[];
  /** CPU milliseconds per request, by the name of the contender */
  readonly cpu: Map<string, number[]>;
}

function contendersOf({ load, seconds }: Bench, image: ImageFolder, { label, target, pids, cpu }: Side): Contender[] {
  const manifests = `${target.url}/v2/${target.repository}/manifests`;
  const digest = `sha256:${createHash('sha256').update(image.manifest).digest('hex')}`;
  const on = { headers: { ...target.headers, Accept: MANIFEST_TYPE }, seconds, connections: CONNECTIONS };
  const contender = (name: string, reference: string, measure: LoadGenerator['measure']): Contender => ({
    name: `${label} ${name}`,
    measure: async () => {
      const before = cpuSeconds(pids);
      const rate = await measure({ ...on, url: `${manifests}/${reference}` });
      const perRequest = (1000 * (cpuSeconds(pids) - before)) / (rate * seconds);
      cpu.set(`${label} ${name}`, [...(cpu.get(`${label} ${name}`) ?? []), perRequest]);
      return rate;
    },
  });
  return [
    contender('by tag', 'latest', (each) => load.measure(each)),
    contender('by digest', digest, (each) => load.measure(each)),
    contender('HEAD', 'latest', measureHeads),
  ];
}

/** Manifests of an image of twenty layers; every request to Drydock shows a Bearer token, those to the peer do not. */
export const v2Manifests: Row = {
  name: 'v2-manifests',
  needs: ['docker-registry'],
  measure: async (bench, resources) => {
    const server = await startDrydock(resources, bench.environment);
    const registry = await startDockerRegistry(resources);
    const image = await createImageFolder(await resources.createDir('image'), { layers: LAYERS, layerBytes: 4096 });
    const headers = await bearerFor(server.url, REPOSITORY, BASIC);
    const target = { url: server.url, repository: REPOSITORY, headers };
    const peer = { url: registry.url, repository: REPOSITORY };
    for (const each of [target, peer]) await pushV2(each, image);
    const cpu = new Map<string, number[]>();
    const ours = contendersOf(bench, image, { label: 'Drydock', target, pids: server.pids, cpu });
    const theirs = contendersOf(bench, image, { label: 'docker-registry', target: peer, pids: [registry.pid], cpu });
    for (const { measure } of ours) await measure(); // compiles frequently used code
    cpu.clear();
    const inTurn = ours.flatMap((each, index) => [each, theirs[index] ?? each]);
    const figures = await measureRounds(inTurn, bench.rounds, bench.progress);
    const names = ['GET manifest by tag, Bearer', 'GET manifest by digest, Bearer', 'HEAD manifest by tag, Bearer'];
    return names.flatMap((what, index) => {
      const [ourName = '', theirName = ''] = [ours[index]?.name, theirs[index]?.name];
      const line = { ours: ourName, peer: theirName, peerName: 'docker-registry' };
      return [
        compare(figures, { ...line, what, goal: { atLeast: 4 }, unit: 'rps' }),
        compare(cpu, { ...line, what: `${what}, CPU with Postgres`, unit: 'ms' }),
      ];
    });
  },
};
