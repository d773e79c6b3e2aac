import { createHash } from 'node:crypto';
import { createImageFolder, MANIFEST_TYPE, type ImageFolder } from '../clients/images';
import { bearerFor, pushV2, type V2Target } from '../clients/v2-client';
import { compare, measureRounds, type Contender } from '../measure/figures';
import { measureHeads } from '../measure/head-load';
import { startDockerRegistry } from '../servers/docker-registry';
import { BASIC, startDrydock } from '../servers/drydock';
import { CONNECTIONS, type Bench, type Row } from './row';

const REPOSITORY = 'bench/hot';
const LAYERS = 20;

function contendersOf(bench: Bench, target: V2Target, image: ImageFolder, label: string): Contender[] {
  const { load, seconds } = bench;
  const manifests = `${target.url}/v2/${target.repository}/manifests`;
  const headers = { ...target.headers, Accept: MANIFEST_TYPE };
  const digest = `sha256:${createHash('sha256').update(image.manifest).digest('hex')}`;
  const on = { headers, seconds, connections: CONNECTIONS };
  return [
    { name: `${label} by tag`, measure: () => load.measure({ ...on, url: `${manifests}/latest` }) },
    { name: `${label} by digest`, measure: () => load.measure({ ...on, url: `${manifests}/${digest}` }) },
    { name: `${label} HEAD`, measure: () => measureHeads({ ...on, url: `${manifests}/latest` }) },
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
    const ours = contendersOf(bench, target, image, 'Drydock');
    const theirs = contendersOf(bench, peer, image, 'docker-registry');
    for (const { measure } of ours) await measure(); // compiles frequently used code
    const inTurn = ours.flatMap((each, index) => [each, theirs[index] ?? each]);
    const figures = await measureRounds(inTurn, bench.rounds, bench.progress);
    const names = ['GET manifest by tag, Bearer', 'GET manifest by digest, Bearer', 'HEAD manifest by tag, Bearer'];
    return names.map((what, index) =>
      compare(figures, {
        what,
        goal: { atLeast: 4 },
        unit: 'rps',
        ours: ours[index]?.name ?? '',
        peer: theirs[index]?.name ?? '',
        peerName: 'docker-registry',
      }),
    );
  },
};
