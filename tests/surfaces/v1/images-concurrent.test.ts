import { readdir } from 'node:fs/promises';
import path from 'node:path';
import {
  createChain,
  createImage,
  payloadOf,
  pushImages,
  startPull,
  startPush,
  type TestImage,
} from '../../helpers/images';
import { registryClient, reply, type RegistryClient } from '../../helpers/registry-client';
import { createTarLayer } from '../../helpers/tar-layer';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

const OK = [200, 'true'];
const EXISTS = [409, '{"error":"Image already exists"}'];

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'carol']) await addUser(server, name);
});
afterAll(() => server.close());

/** An image as two engines have it: the same json and tar, compressed into different bytes. */
function packedTwice(): [TestImage, TestImage] {
  const tar = createTarLayer('Welcome.\n');
  const first = createImage({ layer: tar.gzipped });
  const second = { ...first, layer: tar.stored, payload: payloadOf(first.json, tar.stored) };
  return [first, second];
}

/** An image as two generations of engines have it: json and layer are written in different ways. */
function ofTwoGenerations(): [TestImage, TestImage] {
  const [first, second] = packedTwice();
  const json = Buffer.from(JSON.stringify({ ...JSON.parse(first.json.toString()), Size: 9 }, undefined, 1));
  return [first, { ...second, json, payload: payloadOf(json, second.layer) }];
}

function packedOnce(): [TestImage, TestImage] {
  const [image] = packedTwice();
  return [image, image];
}

/** The checksums that docker from 0.10 on sends. */
function sums(image: TestImage): Record<string, string> {
  const tarsum = createTarLayer('Welcome.\n').tarsum(image.json);
  return { 'X-Docker-Checksum': tarsum, 'X-Docker-Checksum-Payload': image.payload };
}

type Step = (push: RegistryClient, image: TestImage) => Promise<[number, string]>;
const STEPS: Step[] = [
  (push, image) => reply(push.putJson(image.id, image.json)),
  (push, image) => reply(push.putLayer(image.id, image.layer)),
  (push, image) => reply(push.putChecksum(image.id, sums(image))),
];

/** All orders in which two pushes of three steps can interleave: a 1 is a step of the second. */
function interleavings(): number[][] {
  const all: number[][] = [];
  for (let bits = 0; bits < 64; bits += 1) {
    const order = [...bits.toString(2).padStart(6, '0')].map(Number);
    if (order.filter((bit) => bit === 1).length === 3) all.push(order);
  }
  return all;
}

function isOneAfterTheOther(order: number[]): boolean {
  return new Set(order.slice(0, 3)).size === 1;
}

describe('two pushes of one image, in every order of their steps', () => {
  const pairs: [string, () => [TestImage, TestImage]][] = [
    ['the same bytes', () => packedOnce()],
    ['other bytes of the same tar', packedTwice],
  ];
  const cells = [
    ...pairs.flatMap(([name, make]) =>
      (['two tokens', 'one user with Basic'] as const).map((how) => [name, how, make] as const),
    ),
    // Without a token, the server cannot know to which of two jsons of one account a layer belongs.
    ['other bytes and another json', 'two tokens', ofTwoGenerations] as const,
  ];

  it.each(cells)('%s, %s: both succeed (R45)', async (_, how, make) => {
    for (const order of interleavings()) {
      const images = make();
      const tokens = [
        await startPush(server, 'alice/app', [images[0]]),
        await startPush(server, 'alice/app', [images[1]]),
      ];
      const pushes = tokens.map((token) => registryClient(server, how === 'two tokens' ? token : basic('alice')));
      const next = [0, 0];
      const answers: unknown[] = [];
      for (const who of order) {
        answers.push(await STEPS[next[who]!]!(pushes[who]!, images[who as 0 | 1]));
        next[who]! += 1;
        if (answers.length === 4 && isOneAfterTheOther(order)) break;
      }
      // An engine treats "already exists" as success and goes on with the next image.
      const expected = isOneAfterTheOther(order) ? [OK, OK, OK, EXISTS] : [OK, OK, OK, OK, OK, OK];
      expect([order, answers]).toEqual([order, expected]);
      const pull = registryClient(server, await startPull(server, 'alice/app'));
      const { status, bytes } = await pull.get(images[0].id, 'layer');
      const json = await pull.get(images[0].id, 'json');
      // Json, layer and checksum come from one upload.
      const isOf = (image: TestImage): boolean => image.layer.equals(bytes) && image.json.equals(json.bytes);
      expect([order, status, images.some(isOf)]).toEqual([order, 200, true]);
      expect(json.headers['x-docker-checksum-payload']).toBe(payloadOf(json.bytes, bytes));
      expect(await server.ctx.db('uploads')).toEqual([]);
    }
  });
});

describe('pushes at the same time', () => {
  it('of one chain by four engines all succeed (R45)', async () => {
    const chain = createChain(4);
    const push = async (): Promise<void> => {
      const client = registryClient(server, await startPush(server, 'alice/busy', chain));
      for (const image of chain) {
        const begun = await reply(client.putJson(image.id, image.json));
        if (begun[0] === 409) continue; // as engines do if someone else was faster
        expect(begun).toEqual(OK);
        const layer = await reply(client.putLayer(image.id, image.layer));
        expect(layer).toEqual(OK);
        expect(await reply(client.putPayload(image.id, image.payload))).toEqual(OK);
      }
    };
    await Promise.all([push(), push(), push(), push()]);
    const pull = registryClient(server, await startPull(server, 'alice/busy'));
    for (const image of chain) expect((await pull.get(image.id, 'layer')).bytes).toEqual(image.layer);
    const ids = chain.map((image) => image.id).reverse();
    expect(await reply(pull.get(ids[0]!, 'ancestry'))).toEqual([200, JSON.stringify(ids)]);
  });

  it('of equal layers by ten engines keep one object', async () => {
    const layer = Buffer.from('equal bytes for everybody');
    const images = Array.from({ length: 10 }, () => createImage({ layer }));
    await Promise.all(images.map((image, i) => pushImages(server, `alice/equal${i}`, [image])));
    const [blob] = (await server.ctx.db('blobs').where({ size_bytes: layer.length })) as { storage_key: string }[];
    const folder = path.dirname(path.join(server.blobDir, blob!.storage_key));
    const hex = path.basename(blob!.storage_key).slice(0, 64);
    expect((await readdir(folder)).filter((file) => file.startsWith(hex))).toHaveLength(1);
    for (const [i, image] of images.entries()) {
      const pull = registryClient(server, await startPull(server, `alice/equal${i}`));
      expect((await pull.get(image.id, 'layer')).bytes).toEqual(layer);
    }
  });

  it('that probe for one chain link it once, whichever is first', async () => {
    const chain = createChain(5);
    await pushImages(server, 'alice/from', chain);
    const token = await startPush(server, 'alice/to', chain);
    const push = registryClient(server, token);
    const probes = await Promise.all(chain.map((image) => push.get(image.id, 'json'))); // docker 1.5 sends them at once
    expect(probes.map((probe) => probe.status)).toEqual([200, 200, 200, 200, 200]);
    expect(probes.map((probe) => probe.text)).toEqual(chain.map((image) => image.json.toString()));
  });
});
