import { copyTag } from '../../../src/features/images/promotion';
import type { Db } from '../../../src/platform/db/db';
import { pushOverV2, type PushedOverV2 } from '../../helpers/crossing-images';
import {
  derivedChain,
  FORGERIES,
  idsOf,
  pulledDigests,
  pushAgain,
  pushedDigests,
  withParts,
} from '../../helpers/derived-chains';
import { createImage, pushImages, startPush, uploadImage, type TestImage } from '../../helpers/images';
import { bytesOf } from '../../helpers/isolation';
import { untilOneWaits } from '../../helpers/lock-waits';
import { pushPlace } from '../../helpers/owner-pushes';
import { registryClient } from '../../helpers/registry-client';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { asUser } from '../../helpers/v2-client';

/*
 * Ids of v1 are what pushers say. Another image under an id that a push over v2 derives, sent before or after that push,
 * changes nothing that clients of v2 get; and a push over v2 changes no image that was pushed over v1.
 */

const SOURCE = 'alice/source';
const FORGED = Object.entries(FORGERIES).map(([kind, forge], at) => ({ kind, forge, name: `alice/forged-${at}` }));

let server: TestServer;
let image: PushedOverV2;
let chain: TestImage[];
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  image = await pushOverV2(server, SOURCE);
  chain = await derivedChain(server, SOURCE, idsOf(image)[1]);
});
afterAll(() => server.close());

const tagsOf = async (repository: string): Promise<unknown> =>
  (await asUser(server, 'get', `/v1/repositories/${repository}/tags`).expect(200)).body;

/** Json and layer of images, as a pull of this repository gets them. */
const pulled = (repository: string, images: readonly TestImage[]) =>
  Promise.all(images.map((one) => bytesOf(server, repository, one)));
const bytes = (images: readonly TestImage[]) => images.map(({ json, layer }) => [json, layer]);

/** Pushes images over v1 without asking first whether they are there: an answer would link those of another repository. */
async function pushForged(repository: string, forged: readonly TestImage[]): Promise<void> {
  const token = await startPush(server, repository, forged);
  for (const one of forged) await uploadImage(server, token, one);
  await asUser(server, 'put', `/v1/repositories/${repository}/tags/v1`)
    .type('application/json')
    .send(JSON.stringify(forged.at(-1)!.id))
    .expect(200);
  await asUser(server, 'put', `/v1/repositories/${repository}/images`).send([]).expect(204);
}

const push = (to: string, tag?: string) =>
  pushAgain(server, image, { from: SOURCE, to, ...(tag === undefined ? {} : { tag }) });

describe.each(FORGED)('an id of a derived image with $kind', ({ forge, name }) => {
  it('that was pushed before keeps its bytes, and the tag of the push over v2 is hidden from v1', async () => {
    const forged = forge(chain[0]!, chain[1]!);
    await pushForged(name, forged);
    await push(name);
    expect(await pulledDigests(server, name)).toEqual(pushedDigests(image));
    expect(await tagsOf(name)).toEqual({ v1: idsOf(image)[1] });
    expect(await pulled(name, forged)).toEqual(bytes(forged));
    const { headers } = await asUser(server, 'head', `/v2/${name}/manifests/v1`).expect(200);
    expect(headers['docker-content-digest']).not.toBe(image.manifest.digest);
  });

  it('that is pushed afterwards is refused, or ignored if it was being pushed', async () => {
    const to = `${name}-late`;
    const forged = forge(chain[0]!, chain[1]!);
    const token = await startPush(server, to, forged);
    const client = registryClient(server, token);
    const bad = forged.find(({ id, payload }) => chain.some((one) => one.id === id && one.payload !== payload))!;
    for (const below of forged.slice(0, forged.indexOf(bad))) await uploadImage(server, token, below);
    expect((await client.putJson(bad.id, bad.json)).status).toBe(200);
    expect((await client.putLayer(bad.id, bad.layer)).status).toBe(200);
    await push(to);
    expect([200, 409]).toContain((await client.putPayload(bad.id, bad.payload)).status);
    expect((await client.putJson(bad.id, bad.json)).status).toBe(409);
    expect(await pulledDigests(server, to)).toEqual(pushedDigests(image));
    expect(await tagsOf(to)).toEqual({ latest: idsOf(image)[1] });
    expect(await pulled(to, chain)).toEqual(bytes(chain));
  });

  it('that becomes complete at the same moment as the push over v2 is not mistaken for it', async () => {
    const to = `${name}-race`;
    const forged = forge(chain[0]!, chain[1]!);
    await pushForged(`${to}-other`, forged);
    await startPush(server, to, []);
    const tx = await server.ctx.db.transaction();
    await linkAll(tx, `${to}-other`, to);
    const pushing = push(to);
    await untilOneWaits(server.ctx.db);
    await tx.commit();
    await pushing;
    expect(await pulledDigests(server, to)).toEqual(pushedDigests(image));
    expect(await tagsOf(to)).toEqual({});
    expect(await pulled(to, forged)).toEqual(bytes(forged));
  });
});

describe('a poisoned id in another repository of the namespace', () => {
  it.each(FORGED)('with $kind is brought neither by a push nor by a copy of a tag', async ({ forge, name }) => {
    const [bad, good] = [`${name}-bad`, `${name}-good`];
    const forged = forge(chain[0]!, chain[1]!);
    await pushForged(bad, forged);
    await push(good);
    const copy = async (from: string, tag: string, to: string): Promise<unknown> => {
      const [source, target] = [await pushPlace(server, from), await pushPlace(server, to)];
      const place = { repository: target.repository, tag: 'copied', engine: {} };
      return copyTag(server.ctx, { repository: source.repository, tag }, place).catch((error: unknown) => error);
    };
    for (const answer of [await copy(bad, 'v1', good), await copy(good, 'latest', bad)]) {
      expect(answer).toMatchObject({ code: 'conflict' });
    }
    await pushImages(server, good, chain, { tag: 'engine' });
    expect(await pulled(good, chain)).toEqual(bytes(chain));
    expect(await pulled(bad, forged)).toEqual(bytes(forged));
    for (const tag of ['latest', 'engine'])
      expect(await pulledDigests(server, good, tag)).toEqual(pushedDigests(image));
  });
});

it('an image that an engine pushed in its own words is the same image', async () => {
  const [base, top] = chain;
  const { id, parent, ...rest } = JSON.parse(top!.json.toString()) as Record<string, unknown>;
  const own = [
    createImage({ id: base!.id, layer: base!.layer }),
    withParts(top!, { json: Buffer.from(JSON.stringify({ ...rest, Size: 5, parent, id }, undefined, 1)) }),
  ];
  await pushForged('alice/own-words', own);
  await push('alice/own-words');
  expect(await tagsOf('alice/own-words')).toEqual({ v1: id, latest: id });
  expect(await pulled('alice/own-words', own)).toEqual(bytes(own));
  for (const tag of ['v1', 'latest']) {
    expect(await pulledDigests(server, 'alice/own-words', tag)).toEqual(pushedDigests(image));
  }
});

/** Links all images of a repository into another one, as pushes over v1 do. */
async function linkAll(tx: Db, from: string, to: string): Promise<void> {
  await tx.raw(
    `insert into repository_images (repository_id, image_id, content_id, depth)
     select t.id, i.image_id, i.content_id, i.depth
     from repositories r join repository_images i on i.repository_id = r.id, repositories t
     where r.namespace || '/' || r.name = ? and t.namespace || '/' || t.name = ?`,
    [from, to],
  );
}
