import { cp } from 'node:fs/promises';
import path from 'node:path';
import { call } from '../clients/http';
import { createImageFolder } from '../clients/images';
import { startPull } from '../../src/client/v1/v1-client';
import { pushChain } from '../clients/v1-client';
import { pushV2 } from '../clients/v2-client';
import { compare, measureRounds } from '../measure/figures';
import { startDockerRegistry } from '../servers/docker-registry';
import { BASIC, startDrydock } from '../servers/drydock';
import type { Row } from './row';

const REPOSITORY = 'bench/tagged';
const CONNECTIONS = 4;

/** Copies the one tag that was pushed: in docker-registry's tree a tag is a folder with links to a manifest. */
async function addTags(rootDir: string, count: number): Promise<void> {
  const tags = path.join(rootDir, 'docker/registry/v2/repositories', REPOSITORY, '_manifests/tags');
  for (let tag = 2; tag <= count; tag += 1) {
    await cp(path.join(tags, 'latest'), path.join(tags, `v${tag}`), { recursive: true });
  }
}

async function countOf(url: string, headers: Record<string, string>, pick: (body: unknown) => object): Promise<number> {
  const { body } = await call({ method: 'GET', url, headers });
  return Object.keys(pick(JSON.parse(body.toString()))).length;
}

/** A repository with very many tags: one query here, a walk through folders there. */
export const tagsList: Row = {
  name: 'tags-list',
  needs: ['docker-registry'],
  measure: async (bench, resources) => {
    const count = bench.isQuick ? 1000 : 10_000;
    const server = await startDrydock(resources, bench.environment);
    const registry = await startDockerRegistry(resources);
    const image = await createImageFolder(await resources.createDir('image'), { layers: 1, layerBytes: 1024 });
    const target = { url: server.url, basic: BASIC, repository: REPOSITORY };
    await pushChain(target, image.images, image.dir);
    await pushV2({ url: registry.url, repository: REPOSITORY }, image);
    await server.sql(
      `insert into tags (repository_id, name, image_id)
         select repository_id, 'v' || number, image_id from tags, generate_series(2, ${count}) as number`,
      'analyze',
    );
    await addTags(registry.rootDir, count);
    const headers = { Authorization: (await startPull(target)).authorization };
    const ours = `${server.url}/v1/repositories/${REPOSITORY}/tags`;
    const theirs = `${registry.url}/v2/${REPOSITORY}/tags/list`;
    const found = [
      await countOf(ours, headers, (body) => body as object),
      await countOf(theirs, {}, (body) => (body as { tags: string[] }).tags),
    ];
    if (found.some((number) => number !== count)) throw new Error(`there should be ${count} tags: ${found.join(', ')}`);
    const { load, seconds } = bench;
    const figures = await measureRounds(
      [
        { name: 'Drydock', measure: () => load.measure({ url: ours, headers, seconds, connections: CONNECTIONS }) },
        { name: 'docker-registry', measure: () => load.measure({ url: theirs, seconds, connections: CONNECTIONS }) },
      ],
      bench.rounds,
      bench.progress,
    );
    const what = `tags list of ${count.toLocaleString('en')} tags`;
    const line = { what, goal: { atLeast: 5 }, unit: 'rps', ours: 'Drydock', peer: 'docker-registry' };
    return [compare(figures, line)];
  },
};
