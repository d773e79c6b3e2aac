import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { createImage, startPush, uploadImage } from '../helpers/images';
import { headerLines, rawRequest, sendRaw, type RawAnswer } from '../helpers/raw-http';
import { call } from '../helpers/registry-client';
import { addUser, basic, startTestServer, type TestServer } from '../helpers/test-server';

/* What all engines do or require, whatever the request (engine behaviour 3 and 4). */

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

function chunked(body: Buffer, chunkBytes: number): string {
  let framed = '';
  for (let at = 0; at < body.length; at += chunkBytes) {
    const chunk = body.subarray(at, at + chunkBytes).toString('latin1');
    framed += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
  }
  return `${framed}0\r\n\r\n`;
}

describe('an upload', () => {
  it.each([
    ['without a type, as before docker 1.3', []],
    ['with a type, as from docker 1.3 on', ['Content-Type: application/octet-stream']],
  ])(
    'of a layer in chunks, without a length and %s, is accepted, and the connection ends (E28, E29)',
    async (_, headers) => {
      const image = createImage({ layer: gzipSync(randomBytes(50_000)) });
      const authorization = await startPush(server, 'alice/app', [image]);
      const json = await call(server, 'put', `/v1/images/${image.id}/json`, { authorization, body: image.json });
      expect(json.status).toBe(200);
      const head = [
        `PUT /v1/images/${image.id}/layer HTTP/1.1`,
        'Host: hub.test',
        `Authorization: ${authorization}`,
        'Transfer-Encoding: chunked',
        ...headers,
        'Connection: close',
      ];
      // `sendRaw` reads until the server closes.
      const answer = await sendBytes(`${head.join('\r\n')}\r\n\r\n${chunked(image.layer, 7001)}`);
      expect([answer.head[0], answer.body]).toEqual(['HTTP/1.1 200 OK', 'true']);
      const checksum = await call(server, 'put', `/v1/images/${image.id}/checksum`, {
        authorization,
        headers: { 'X-Docker-Checksum-Payload': image.payload },
      });
      expect([checksum.status, checksum.text]).toEqual([200, 'true']);
      const layer = await call(server, 'get', `/v1/images/${image.id}/layer`, { authorization });
      expect(layer.bytes.equals(image.layer)).toBe(true);
    },
  );

  it('of a checksum has no body and a content length of zero (E28)', async () => {
    const image = createImage();
    const authorization = await startPush(server, 'alice/app', [image]);
    await call(server, 'put', `/v1/images/${image.id}/json`, { authorization, body: image.json });
    await call(server, 'put', `/v1/images/${image.id}/layer`, { authorization, body: image.layer });
    const answer = await sendRaw(
      server.port,
      rawRequest(`PUT /v1/images/${image.id}/checksum`, [
        `Authorization: ${authorization}`,
        `X-Docker-Checksum-Payload: ${image.payload}`,
        'Content-Length: 0',
      ]),
    );
    expect([answer.head[0], answer.body]).toEqual(['HTTP/1.1 200 OK', 'true']);
  });
});

/** Bytes that are not text go through latin1 both ways. */
function sendBytes(bytes: string): Promise<RawAnswer> {
  return sendRaw(server.port, Buffer.from(bytes, 'latin1'));
}

describe('the server', () => {
  const COOKIE = ['Cookie: session=abc; other=1'];
  const requests = async (): Promise<string[][]> => {
    const image = createImage();
    const write = await startPush(server, 'alice/app', [image]);
    await uploadImage(server, write, image);
    const token = [`Authorization: ${write}`];
    const account = [`Authorization: ${basic('alice')}`, 'X-Docker-Token: true'];
    return [
      ['GET /v1/_ping'],
      ['GET /v1/users/', ...account],
      ['GET /v1/users', ...account],
      ['PUT /v1/repositories/alice/app', ...account],
      ['PUT /v1/repositories/alice/app/', ...account],
      ['GET /v1/repositories/alice/app/images', ...account],
      ['GET /v1/repositories/alice/app/images/', ...account],
      ['GET /v1/repositories/alice/app/tags', ...token],
      ['GET /v1/repositories/alice/app/tags/', ...token],
      ['GET /v1/repositories/alice/app/tags/none', ...token],
      [`GET /v1/images/${image.id}/json`, ...token],
      [`GET /v1/images/${image.id}/ancestry`, ...token],
      [`GET /v1/images/${image.id}/layer`, ...token],
      [`GET /v1/images/${image.id}/layer/`, ...token],
      ['GET /v1/search?q=app'],
      ['GET /v1//search?q=app'],
      ['GET /v2/'],
      ['GET /'],
    ];
  };

  it('never redirects an engine, not even because of a slash (E26)', async () => {
    for (const [line = '', ...headers] of await requests()) {
      const answer = await sendRaw(server.port, rawRequest(line, headers));
      expect([line, answer.head[0]]).toEqual([line, expect.not.stringMatching(/^HTTP\/1\.1 3/)]);
      expect(headerLines(answer, 'Location')).toEqual([]);
    }
  });

  it('sets no cookie for an engine, and ignores one that it sends (E25)', async () => {
    for (const [line = '', ...headers] of await requests()) {
      const without = await sendRaw(server.port, rawRequest(line, headers));
      const withOne = await sendRaw(server.port, rawRequest(line, [...headers, ...COOKIE]));
      expect([line, withOne.head[0], withOne.body]).toEqual([line, without.head[0], without.body]);
      expect([...headerLines(without, 'Set-Cookie'), ...headerLines(withOne, 'Set-Cookie')]).toEqual([]);
    }
  });
});
