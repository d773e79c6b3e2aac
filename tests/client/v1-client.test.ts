import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import * as v1 from '../../src/client/v1/v1-client';
import { openExchange } from '../../src/client/wire/wire';
import { addUser, basic, startTestServer, type TestServer } from '../helpers/test-server';

let server: TestServer;
let target: v1.V1Target;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  target = { url: server.url, basic: basic('alice'), repository: 'alice/streamed' };
});
afterAll(() => server.close());

const MEBIBYTE = 1024 * 1024;
const BLOCKS = 24;

/** A layer that is never in memory as a whole. */
async function* layerOf(blocks: readonly Buffer[]): AsyncGenerator<Buffer, void, undefined> {
  for (const block of blocks) yield await Promise.resolve(block);
}

async function push(id: string, layer: () => AsyncIterable<Buffer>): Promise<void> {
  const session = await v1.startPush(target, [id]);
  await v1.pushImage(session, { id, json: JSON.stringify({ id }), layer });
  await v1.putTag(session, 'latest', id);
  await v1.finishPush(session);
}

it('pushes and pulls an image whose layer is streamed both ways', async () => {
  const id = randomBytes(32).toString('hex');
  const block = randomBytes(MEBIBYTE);
  const blocks = Array.from({ length: BLOCKS }, () => block);
  await v1.ping(server.url);
  await push(id, () => layerOf(blocks));

  const session = await v1.startPull(target);
  expect(await v1.listTags(session)).toEqual({ latest: id });
  expect(await v1.listAncestry(session, id)).toEqual([id]);
  const hash = createHash('sha256');
  let largest = 0;
  const json = await v1.pullImage(session, id, async (layer) => {
    for await (const chunk of layer) {
      largest = Math.max(largest, chunk.length);
      hash.update(chunk);
    }
  });
  expect(JSON.parse(json.toString())).toEqual({ id });
  expect(hash.digest('hex')).toBe(blocks.reduce((sum, each) => sum.update(each), createHash('sha256')).digest('hex'));
  expect(largest).toBeLessThan(MEBIBYTE);
});

it('reports what the server answered if it refuses', async () => {
  await expect(v1.startPull({ ...target, repository: 'alice/nothing' })).rejects.toThrow(/images answered 404: /);
  const wrong = { ...target, basic: basic('alice', 'wrong') };
  await expect(v1.startPush(wrong, [])).rejects.toThrow(/answered 401: /);
});

it('fails if the layer breaks off on our side, and the server keeps nothing of it', async () => {
  const id = randomBytes(32).toString('hex');
  async function* broken(): AsyncGenerator<Buffer, void, undefined> {
    yield await Promise.resolve(randomBytes(1000));
    throw new Error('the disk is broken');
  }
  await expect(push(id, broken)).rejects.toThrow('the disk is broken');
  const session = await v1.startPull(target);
  await expect(v1.listAncestry(session, id)).rejects.toThrow(/answered 40[04]: /);
});

it('distinguishes a body that was cut off from a whole one', async () => {
  const cutting = createServer((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello'));
  }).listen(0, '127.0.0.1');
  await once(cutting, 'listening');
  const place = { scheme: 'http' as const, host: `127.0.0.1:${(cutting.address() as AddressInfo).port}` };
  const request = { method: 'GET', target: '/', headers: [] };
  const { status, announcedBytes, body, close } = await openExchange(place, request, {
    insecure: false,
    idleMs: 10_000,
  });
  expect([status, announcedBytes]).toEqual([200, 10]);
  expect(await body.next()).toEqual({ done: false, value: Buffer.from('hello') });
  expect(await body.next()).toEqual({ done: true, value: true });
  close();
  cutting.close();
});
