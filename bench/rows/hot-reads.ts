import type { ImageFolder } from '../clients/images';
import { createImageFolder } from '../clients/images';
import { startPull } from '../../src/client/v1/v1-client';
import { pushChain } from '../clients/v1-client';
import { pushV2 } from '../clients/v2-client';
import { compare, measureRounds, type Contender } from '../measure/figures';
import type { Resources } from '../measure/resources';
import { startDockerRegistry } from '../servers/docker-registry';
import { BASIC, startDrydock } from '../servers/drydock';
import { MANIFEST_TYPE } from '../clients/images';
import { CONNECTIONS, type Bench, type Row } from './row';

const REPOSITORY = 'bench/hot';
const LAYERS = 20;

interface HotServer {
  readonly image: ImageFolder;
  readonly paths: readonly (readonly [what: string, path: string])[];
  readonly url: string;
  readonly token: string;
}

/** A Drydock with one image of twenty layers. */
async function startHotServer(bench: Bench, resources: Resources): Promise<HotServer> {
  const server = await startDrydock(resources, bench.environment);
  const image = await createImageFolder(await resources.createDir('image'), { layers: LAYERS, layerBytes: 4096 });
  const target = { url: server.url, basic: BASIC, repository: REPOSITORY };
  await pushChain(target, image.images, image.dir);
  const top = image.images.at(-1)?.id ?? '';
  return {
    image,
    url: server.url,
    token: (await startPull(target)).authorization,
    paths: [
      ['GET tags', `/v1/repositories/${REPOSITORY}/tags`],
      ['GET images', `/v1/repositories/${REPOSITORY}/images`],
      ['GET <id>/json', `/v1/images/${top}/json`],
      ['GET <id>/ancestry', `/v1/images/${top}/ancestry`],
    ],
  };
}

function contender(bench: Bench, name: string, url: string, headers: Record<string, string>): Contender {
  const { load, seconds } = bench;
  return { name, measure: () => load.measure({ url, headers, seconds, connections: CONNECTIONS }) };
}

/** Node compiles frequently used code only after a while, and the first to be measured must not pay for all. */
async function warmUp({ load, isQuick }: Bench, server: HotServer): Promise<void> {
  for (const [, path] of server.paths.slice(0, isQuick ? 1 : undefined)) {
    const headers = { Authorization: server.token };
    await load.measure({ url: `${server.url}${path}`, headers, seconds: 1, connections: CONNECTIONS });
  }
}

function contendersOf(bench: Bench, server: HotServer, label: string, authorization: string): Contender[] {
  return server.paths.map(([what, path]) =>
    contender(bench, `${what}, ${label}`, `${server.url}${path}`, { Authorization: authorization }),
  );
}

/** The reads that every pull begins with, against the nearest equivalent of `docker-registry`. */
export const hotReads: Row = {
  name: 'hot-reads',
  needs: ['docker-registry'],
  measure: async (bench, resources) => {
    const server = await startHotServer(bench, resources);
    const registry = await startDockerRegistry(resources);
    await pushV2({ url: registry.url, repository: REPOSITORY }, server.image);
    const manifest = `${registry.url}/v2/${REPOSITORY}/manifests/latest`;
    const peer = contender(bench, 'manifest', manifest, { Accept: MANIFEST_TYPE });
    const ours = contendersOf(bench, server, 'Token', server.token);
    await warmUp(bench, server);
    const figures = await measureRounds([...ours, peer], bench.rounds, bench.progress);
    const line = { goal: { atLeast: 5 }, unit: 'rps', peer: 'manifest', peerName: 'docker-registry manifest' };
    return ours.map(({ name }) => compare(figures, { ...line, what: name, ours: name }));
  },
};

/** The same reads with Basic, as an engine sends it to a standalone https registry. */
export const basicReads: Row = {
  name: 'basic-reads',
  needs: [],
  measure: async (bench, resources) => {
    const server = await startHotServer(bench, resources);
    const token = contendersOf(bench, server, 'Token', server.token);
    const basic = contendersOf(bench, server, 'Basic', BASIC);
    const pairs = basic.map((ours, index) => ({ ours, peer: token[index] ?? ours }));
    const inTurn = pairs.flatMap(({ ours, peer }) => [ours, peer]);
    await warmUp(bench, server);
    const figures = await measureRounds(inTurn, bench.rounds, bench.progress);
    const line = { goal: { atLeast: 0.8 }, unit: 'rps', peerName: 'Token' };
    return pairs.map(({ ours, peer }) =>
      compare(figures, { ...line, what: ours.name, ours: ours.name, peer: peer.name }),
    );
  },
};
