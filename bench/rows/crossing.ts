import { createImageFolder, type ImageFolder } from '../clients/images';
import { pullLatest, pushChain } from '../clients/v1-client';
import { bearerFor, pushV2 } from '../clients/v2-client';
import { compare, measureRounds } from '../measure/figures';
import type { Resources } from '../measure/resources';
import { BASIC, startDrydock, USER, type Drydock } from '../servers/drydock';
import { skopeoPair } from './image-transfer';
import type { Bench, Row } from './row';

const LAYERS = 20;

function imageOf({ isQuick }: Bench, resources: Resources): () => Promise<ImageFolder> {
  const options = { layers: LAYERS, layerBytes: (isQuick ? 1 : 8) * 1024 * 1024 };
  return async () => createImageFolder(await resources.createDir('image'), options);
}

const sizeOf = ({ isQuick }: Bench): string => `${LAYERS} layers of ${isQuick ? 1 : 8} MiB`;

const pushV1 = ({ url }: Drydock, repository: string, { images, dir }: ImageFolder): Promise<void> =>
  pushChain({ url, repository, basic: BASIC }, images, dir);

/** The first pull of an image of v1 over v2, for which its manifest is created, against the second. */
export const firstView: Row = {
  name: 'first-view',
  needs: ['skopeo'],
  measure: async (bench, resources) => {
    const server = await startDrydock(resources, bench.environment);
    const create = imageOf(bench, resources);
    const { pull } = skopeoPair('Drydock', server.url, `${USER.name}:${USER.password}`);
    const figures = new Map<string, number[]>([
      ['first', []],
      ['second', []],
    ]);
    for (let round = 0; round < bench.rounds; round += 1) {
      const image = await create();
      const repository = `bench/view-${round}`;
      await pushV1(server, repository, image);
      for (const [name, taken] of figures) {
        const seconds = await pull(await resources.createDir('pulled'), repository);
        taken.push(seconds);
        bench.progress(`round ${round + 1} of ${bench.rounds}: ${name} ${seconds.toFixed(2)} s`);
      }
    }
    const what = `first pull over v2 of an image of v1, ${sizeOf(bench)}`;
    const line = { what, goal: { atMost: 1.2 }, unit: 's', ours: 'first', peer: 'second', peerName: 'the second pull' };
    return [compare(figures, line)];
  },
};

/** A pull over v1 of an image that was pushed over v2, against one of the same image that was pushed over v1. */
export const crossingPull: Row = {
  name: 'crossing-pull',
  needs: [],
  measure: async (bench, resources) => {
    const server = await startDrydock(resources, bench.environment);
    const image = await imageOf(bench, resources)();
    await pushV1(server, 'bench/v1', image);
    const target = { url: server.url, repository: 'bench/v2' };
    await pushV2({ ...target, headers: await bearerFor(server.url, target.repository, BASIC) }, image);
    const pull = (repository: string) => async (): Promise<number> => {
      const dir = await resources.createDir('pulled');
      const startedAt = performance.now();
      const pulled = await pullLatest({ url: server.url, repository, basic: BASIC }, dir);
      if (pulled !== LAYERS) throw new Error(`${repository} has ${pulled} images`);
      return image.totalBytes / 1e6 / ((performance.now() - startedAt) / 1000);
    };
    const contenders = ['bench/v2', 'bench/v1'].map((name) => ({ name, measure: pull(name) }));
    const figures = await measureRounds(contenders, bench.rounds, bench.progress);
    const what = `pull over v1 of an image of v2, ${sizeOf(bench)}`;
    const line = { ours: 'bench/v2', peer: 'bench/v1', peerName: 'the same pushed over v1' };
    return [compare(figures, { ...line, what, goal: { atLeast: 0.95 }, unit: 'MB/s' })];
  },
};
