import { createHash } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { addUser, basic, startTestServer, type TestServer } from '../helpers/test-server';

/*
 * Protocol 10.8, step by step, with the first vector of 5.3: what docker 1.5 sends to push an image of one layer and
 * to pull it again.
 */

const ID = 'a'.repeat(64);
const JSON_BYTES = Buffer.from(`{"id":"${ID}"}`);
const LAYER = Buffer.from('hello');
const PAYLOAD = 'sha256:592499ce539524a3abe271ca057b2d181b38adab178ae673a8583d2c12080802';
const ENGINE = 'docker/1.5.0 go/go1.4.1 git-commit/0000000 kernel/3.13.0 os/linux arch/amd64';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

interface Step {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One request on a connection of its own, as engines send them; a list of chunks goes without a length. */
function send(
  method: string,
  path: string,
  headers: OutgoingHttpHeaders = {},
  body?: string | Buffer[],
): Promise<Step> {
  return new Promise((resolve, reject) => {
    const length = typeof body === 'string' ? { 'Content-Length': Buffer.byteLength(body) } : {};
    const req = httpRequest(
      `${server.url}${path}`,
      { method, agent: false, headers: { Host: 'hub.test', 'User-Agent': ENGINE, ...length, ...headers } },
      (res) => {
        const chunks: Buffer[] = [];
        res.on('data', (chunk: Buffer) => chunks.push(chunk));
        res.on('end', () =>
          resolve({ status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(chunks) }),
        );
      },
    );
    req.on('error', reject);
    for (const chunk of typeof body === 'string' ? [body] : (body ?? [])) req.write(chunk);
    req.end();
  });
}

function tokenOf({ headers }: Step, access: string): string {
  const token = String(headers['x-docker-token']);
  expect(token).toMatch(new RegExp(`^signature=[0-9a-f]{40,},repository="alice/app",access=${access}$`));
  expect(headers['www-authenticate']).toBe(`Token ${token}`);
  return `Token ${token}`;
}

it('the test vector is correct', () => {
  expect(JSON_BYTES.length).toBe(73);
  expect(`sha256:${createHash('sha256').update(JSON_BYTES).update('\n').update(LAYER).digest('hex')}`).toBe(PAYLOAD);
});

it('a push and a pull match the worked example', async () => {
  const index = { Authorization: basic('alice'), 'X-Docker-Token': 'true' };
  const is = (step: Step, status: number, body: string): void => {
    expect([step.status, step.body.toString()]).toEqual([status, body]);
  };

  const v2 = await send('GET', '/v2/'); // 1
  expect([v2.status, v2.headers['docker-distribution-api-version']]).toEqual([404, undefined]);

  const ping = await send('GET', '/v1/_ping'); // 2
  is(ping, 200, 'true');
  expect(ping.headers['x-docker-registry-version']).toBe('0.9.1');
  expect(ping.headers['x-docker-registry-standalone']).toBe('False');

  const open = await send('PUT', '/v1/repositories/alice/app/', index, `[{"id":"${ID}","Tag":"latest"}]`); // 3
  is(open, 200, '""');
  expect(open.headers['x-docker-endpoints']).toBe('hub.test');
  const write = { Authorization: tokenOf(open, 'write') };

  is(await send('GET', `/v1/images/${ID}/json`, write), 404, '{"error":"Image not found"}'); // 4
  is(await send('PUT', `/v1/images/${ID}/json`, write, JSON_BYTES.toString()), 200, 'true'); // 5
  const octets = { ...write, 'Content-Type': 'application/octet-stream', 'Transfer-Encoding': 'chunked' };
  const chunks = [LAYER.subarray(0, 2), LAYER.subarray(2)];
  is(await send('PUT', `/v1/images/${ID}/layer`, octets, chunks), 200, 'true'); // 6
  const sums = {
    ...write,
    'X-Docker-Checksum': `tarsum+sha256:${'0'.repeat(64)}`,
    'X-Docker-Checksum-Payload': PAYLOAD,
  };
  is(await send('PUT', `/v1/images/${ID}/checksum`, sums, ''), 200, 'true'); // 7
  is(await send('PUT', '/v1/repositories/alice/app/tags/latest', write, `"${ID}"`), 200, 'true'); // 8
  const done = { ...index, 'X-Docker-Endpoints': 'https://hub.test/v1/' };
  is(await send('PUT', '/v1/repositories/alice/app/images', done, '[]'), 204, ''); // 9

  const pull = await send('GET', '/v1/repositories/alice/app/images', index); // 10
  is(pull, 200, JSON.stringify([{ id: ID, checksum: PAYLOAD }]));
  expect(pull.headers['x-docker-endpoints']).toBe('hub.test');
  const read = { Authorization: tokenOf(pull, 'read') };

  const tags = await send('GET', '/v1/repositories/alice/app/tags', read); // 11
  expect([tags.status, JSON.parse(tags.body.toString())]).toEqual([200, { latest: ID }]);
  is(await send('GET', `/v1/images/${ID}/ancestry`, read), 200, `["${ID}"]`); // 12
  const json = await send('GET', `/v1/images/${ID}/json`, read); // 13
  is(json, 200, JSON_BYTES.toString());
  expect(json.headers['x-docker-size']).toBe('5');
  expect(json.headers['x-docker-checksum-payload']).toBe(PAYLOAD);
  const layer = await send('GET', `/v1/images/${ID}/layer`, read); // 14
  is(layer, 200, 'hello');
  expect([layer.headers['content-length'], layer.headers['accept-ranges']]).toEqual(['5', 'bytes']);

  // 10.9 item 2: the same image again, without the probe
  const again = await send('PUT', '/v1/repositories/alice/app/', index, `[{"id":"${ID}","Tag":"latest"}]`);
  const token = { Authorization: tokenOf(again, 'write') };
  const refused = await send('PUT', `/v1/images/${ID}/json`, token, JSON_BYTES.toString());
  is(refused, 409, '{"error":"Image already exists"}');
});
