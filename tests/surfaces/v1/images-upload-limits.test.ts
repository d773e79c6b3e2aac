import { setTimeout as sleep } from 'node:timers/promises';
import { filesBelow } from '../../helpers/damage';
import { createImage, startPush, uploadImage } from '../../helpers/images';
import { call, errorText, registryClient } from '../../helpers/registry-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';
import { waitUntil } from '../../helpers/wait-until';
import { Connection } from '../../platform/http/listening';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'carol');
});
afterAll(() => server.close());

describe('images that an account has begun to upload', () => {
  const BUSY = '1000 images of this account are being uploaded, try again later';

  it('are at most a thousand, however many tokens and repositories they use', async () => {
    const [begun, next, other] = [createImage(), createImage(), createImage()];
    const token = await startPush(server, 'alice/app', [begun, next]);
    const client = registryClient(server, token);
    await client.putJson(begun.id, begun.json);
    await server.ctx.db.raw(
      `insert into uploads (repository_id, image_id, uploader, depth, json, json_digest, pusher)
       select repository_id, image_id, 'token ' || n, depth, json, json_digest, pusher
       from uploads, generate_series(1, 999) n`,
    );

    const refused = await client.putJson(next.id, next.json);
    expect([refused.status, refused.text]).toEqual([429, errorText(BUSY)]);
    expect(refused.headers['retry-after']).toBe('3600');
    const anotherToken = await startPush(server, 'alice/web', [next]);
    expect((await registryClient(server, anotherToken).putJson(next.id, next.json)).status).toBe(429);
    const byBasic = { authorization: basic('alice'), body: next.json };
    expect((await call(server, 'put', `/v1/images/${next.id}/json`, byBasic)).status).toBe(429);

    // Uploads of other accounts, and earlier ones of this account, go on.
    await uploadImage(server, await startPush(server, 'carol/app', [other], 'carol'), other);
    await uploadImage(server, token, begun);
    expect((await client.putJson(next.id, next.json)).status).toBe(200);
  });
});

describe('layers that an account sends at the same time', () => {
  it('are at most a hundred; one that ends, even with an error, makes room', async () => {
    const images = Array.from({ length: 101 }, () => createImage({ layer: Buffer.from('layer') }));
    const token = await startPush(server, 'carol/many', images, 'carol');
    const client = registryClient(server, token);
    for (const { id, json } of images) expect((await client.putJson(id, json)).status).toBe(200);
    const last = images.pop()!;
    const open = images.map(({ id }) => {
      const connection = new Connection(server.port);
      connection.socket.write(
        `PUT /v1/images/${id}/layer HTTP/1.1\r\nHost: hub.test\r\nAuthorization: ${token}\r\n` +
          'Transfer-Encoding: chunked\r\n\r\n3\r\nlay\r\n',
      );
      return connection;
    });
    await waitUntil('a hundred uploads', async () => (await filesBelow(server.blobDir, 'uploads')).length === 100);
    let answer = await client.putLayer(last.id, last.layer);
    expect([answer.status, answer.text]).toEqual([
      429,
      errorText('100 layers of this account are being uploaded at once, try again later'),
    ]);
    expect(answer.headers['retry-after']).toBe('30');

    open.pop()!.socket.resetAndDestroy();
    while (answer.status === 429) {
      await sleep(20);
      answer = await client.putLayer(last.id, last.layer);
    }
    expect(answer.status).toBe(200);
    for (const { socket } of open) socket.write('2\r\ner\r\n0\r\n\r\n');
    for (const connection of open) expect(await connection.until('\r\n\r\ntrue')).toContain('HTTP/1.1 200');
    open.forEach(({ socket }) => socket.destroy());
  });
});

describe('the head of a request', () => {
  it.each([
    ['URL', `/v1/search?q=${'x'.repeat(17_000)}`, {}],
    ['header', '/v1/_ping', { 'X-Long': 'x'.repeat(17_000) }],
  ])('with a %s beyond 16 KiB is a 431 in JSON', async (_what, path, headers) => {
    const answer = await call(server, 'get', path, { headers });
    expect([answer.status, answer.text]).toEqual([431, errorText('Request Header Fields Too Large')]);
    expect(answer.headers['content-type']).toBe('application/json');
  });
});
