import { configOfChain } from '../../src/features/bridge/image-config';
import type { TestServer } from '../helpers/test-server';
import { asUser, digestOf } from '../helpers/v2-client';
import type { EngineVersion } from '../protocol/parse-trace';
import type { CrossingClient } from './clients';
import { readAsEngine } from './engine-json';
import { pullAs, type V1Tag } from './engines';
import type { SourceImage } from './rich-image';
import { servedImage } from './served-image';
import { differencesOf } from './tree/file-tree';
import { tarIn, treeOfLayers } from './tree/layers';

/* What must be true of an image that crossed. */

/** The name of a tag for clients. */
export function referenceOf({ host }: TestServer, { repository, tag }: Pick<V1Tag, 'repository' | 'tag'>): string {
  return `${host}/${repository}:${tag}`;
}

/** Each way to look at what a client pulled shows the files of these layers, which are not compressed. */
export async function expectToShow(client: CrossingClient, reference: string, tars: readonly Buffer[]): Promise<void> {
  for (const { tree, excepts } of await client.look(reference)) {
    const differences = differencesOf(treeOfLayers(tars), tree);
    expect(differences.filter((line) => excepts?.test(line) !== true)).toEqual([]);
  }
}

/** A client pulls what was pushed over v1: the same files, under the image id of docker 1.13 and 17.05. */
export async function expectToPull(server: TestServer, client: CrossingClient, pushed: V1Tag): Promise<void> {
  const tars = pushed.chain.map(({ layer }) => tarIn(layer));
  const config = configOfChain(pushed.chain.map(({ json }, at) => ({ json, diffId: digestOf(tars[at]!) })));
  const reference = referenceOf(server, pushed);
  expect(await client.pull(reference)).toBe(digestOf(config));
  await expectToShow(client, reference, tars);
}

async function pushedBack(server: TestServer, client: CrossingClient, pushed: V1Tag) {
  const { repository, tag } = pushed;
  const before = await servedImage(server, repository, tag);
  await client.pull(referenceOf(server, pushed));
  await client.pushBack(referenceOf(server, pushed));
  const { body } = await asUser(server, 'get', `/v1/repositories/${repository}/tags`).expect(200);
  return { before, after: await servedImage(server, repository, tag), v1Id: (body as Record<string, string>)[tag] };
}

/** A tag has the same digest for v2 and the same image for v1 after a client has pushed back what it pulled (bridge 10). */
export async function expectNoChange(server: TestServer, client: CrossingClient, pushed: V1Tag): Promise<void> {
  const { before, after, v1Id } = await pushedBack(server, client, pushed);
  expect(after.digest).toBe(before.digest);
  expect(v1Id).toBe(pushed.chain.at(-1)?.id);
}

/** The same, of a client that writes the manifest in its own way: v2 has what it pushed, and v1 the image that it had. */
export async function expectSameContents(server: TestServer, client: CrossingClient, pushed: V1Tag): Promise<void> {
  const { before, after, v1Id } = await pushedBack(server, client, pushed);
  expect(after).toEqual({ ...before, digest: expect.not.stringMatching(before.digest) });
  expect(v1Id).toBe(pushed.chain.at(-1)?.id);
}

/** An engine pulls what a client pushed: the same files, with ids of docker 17.05 and json that it can read. */
export async function expectToBePulledBy(
  server: TestServer,
  version: EngineVersion,
  repository: string,
  image: SourceImage,
): Promise<void> {
  const chain = (await pullAs(server, version, repository, '1')) ?? [];
  const tree = treeOfLayers(chain.map(({ layer }) => tarIn(layer)));
  expect(differencesOf(treeOfLayers(image.layers), tree)).toEqual([]);
  const { v1Ids, config } = await servedImage(server, repository, '1');
  const jsons = chain.map(({ json }) => readAsEngine(json));
  expect(jsons.map(({ id, parent }) => ({ id, parent }))).toEqual(
    v1Ids.map((id, at) => ({ id, parent: at === 0 ? undefined : v1Ids[at - 1] })),
  );
  expect(jsons.at(-1)).toMatchObject({ created: config.created, config: { Cmd: config.config?.Cmd } });
}
