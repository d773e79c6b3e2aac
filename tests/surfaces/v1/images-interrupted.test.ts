import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { createImage, startPush, uploadImage, type TestImage } from '../../helpers/images';
import { registryClient, reply } from '../../helpers/registry-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';
import { waitUntil } from '../../helpers/wait-until';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'carol']) await addUser(server, name);
});
afterAll(() => server.close());

async function unfinished(): Promise<string[]> {
  return readdir(path.join(server.blobDir, 'uploads')).catch(() => []);
}

/** Begins to send a layer and stops half-way; resolves once bytes have arrived in the store. */
async function sendHalf(image: TestImage, authorization: string, framing: 'chunked' | 'length'): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1');
  const header = framing === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${4 * image.layer.length}`;
  socket.write(`PUT /v1/images/${image.id}/layer HTTP/1.1\r\nHost: hub.test\r\nAuthorization: ${authorization}\r\n`);
  socket.write(`${header}\r\n\r\n`);
  socket.write(framing === 'chunked' ? `${(4 * image.layer.length).toString(16)}\r\n` : '');
  socket.write(image.layer); // a quarter of the announced size: the chunk breaks in its middle
  await waitUntil('the first bytes', async () => (await unfinished()).length > 0);
  return socket;
}

const ENDS = {
  'is reset': (socket: Socket) => socket.resetAndDestroy(),
  'is closed': (socket: Socket) => socket.end(),
};

describe('a layer whose connection breaks', () => {
  const cells = (['chunked', 'length'] as const).flatMap((framing) =>
    (Object.keys(ENDS) as (keyof typeof ENDS)[]).map((end) => [framing, end] as const),
  );

  it.each(cells)('(%s) and %s leaves nothing behind and blocks nothing (R64)', async (framing, end) => {
    const image = createImage({ layer: randomBytes(300_000) });
    const token = await startPush(server, 'alice/app', [image]);
    const push = registryClient(server, token);
    await push.putJson(image.id, image.json);
    const socket = await sendHalf(image, token, framing);
    ENDS[end](socket);
    await waitUntil('the removal of the partial file', async () => (await unfinished()).length === 0);
    socket.destroy();
    expect(await server.ctx.db('uploads').where({ image_id: image.id }).select('layer_digest')).toEqual([
      { layer_digest: null },
    ]);
    expect((await push.get(image.id, 'json')).status).toBe(400);
    await uploadImage(server, token, image); // the same push goes on
    expect((await push.get(image.id, 'layer')).bytes.equals(image.layer)).toBe(true);
  });

  it('keeps the layer that was there before', async () => {
    const image = createImage({ layer: randomBytes(100_000) });
    const token = await startPush(server, 'alice/app', [image]);
    const push = registryClient(server, token);
    await push.putJson(image.id, image.json);
    await push.putLayer(image.id, image.layer);
    ENDS['is reset'](await sendHalf(image, token, 'chunked'));
    await waitUntil('the removal of the partial file', async () => (await unfinished()).length === 0);
    expect(await reply(push.putPayload(image.id, image.payload))).toEqual([200, 'true']);
  });

  it('does not stop another engine from pushing while it hangs', async () => {
    const image = createImage({ layer: randomBytes(100_000) });
    const hanging = await startPush(server, 'alice/app', [image]);
    await registryClient(server, hanging).putJson(image.id, image.json);
    const socket = await sendHalf(image, hanging, 'chunked');
    await uploadImage(server, await startPush(server, 'alice/app', [image]), image);
    expect((await registryClient(server, hanging).get(image.id, 'layer')).bytes.equals(image.layer)).toBe(true);
    socket.destroy();
    await waitUntil('the removal of the partial file', async () => (await unfinished()).length === 0);
  });
});

describe('a layer that is refused', () => {
  it('gets its answer while the client is still sending, and nothing is stored', async () => {
    const image = createImage();
    const token = await startPush(server, 'carol/app', [image], 'carol');
    const big = randomBytes(8_000_000);
    expect((await registryClient(server, token).putLayer(image.id, big)).status).toBe(404);
    expect((await registryClient(server, basic('carol', 'no')).putLayer(image.id, big)).status).toBe(401);
    expect(await unfinished()).toEqual([]);
    expect(await server.ctx.db('blobs').where({ size_bytes: big.length })).toEqual([]);
  });
});
