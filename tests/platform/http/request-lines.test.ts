import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import request from 'supertest';
import { createImage, pushImages, startPull } from '../../helpers/images';
import { recordingLogger } from '../../helpers/log-lines';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

const { log, lines } = recordingLogger('info');
let server: TestServer;
let userId: number;
beforeAll(async () => {
  server = await startTestServer({ log });
  await addUser(server, 'alice');
  [userId = 0] = await server.ctx.db<{ id: number }>('users').whereRaw(`username = 'alice'`).pluck('id');
});
afterAll(() => server.close());

/** The line of the last request to a path. */
async function lineOf(wanted: string): Promise<Record<string, unknown>> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const found = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .findLast(({ url }) => url === wanted);
    if (found !== undefined) return found;
    await sleep(10);
  }
  throw new Error(`no request to ${wanted} was logged`);
}

it('a request has the account, the bytes and the time in its line', async () => {
  const image = createImage({ layer: Buffer.alloc(50_000, 'layer') });
  await pushImages(server, 'alice/app', [image]);
  const pushed = await lineOf(`/v1/images/${image.id}/layer`);
  expect(pushed).toMatchObject({ msg: 'request', method: 'PUT', status: 200, userId, ms: expect.any(Number) });
  expect(pushed['receivedBytes']).toBeGreaterThan(50_000);
  expect(pushed['receivedBytes']).toBeLessThan(52_000);
  lines.length = 0;
  const token = await startPull(server, 'alice/app');
  await request(server.url).get(`/v1/images/${image.id}/layer`).set('Authorization', token).expect(200);
  expect((await lineOf(`/v1/images/${image.id}/layer`))['sentBytes']).toBeGreaterThan(50_000);
});

it.each(['/api/v1.1/orgs/', '/v2/', '/v1/users/', '/account/tokens/'])('%s knows the account', async (url) => {
  const isPage = url === '/account/tokens/';
  const agent = request.agent(server.url);
  if (isPage) {
    const { body } = await agent.post('/api/v1.1/session/').send({ username: 'alice', password: 'alicepw' });
    expect(body).toHaveProperty('csrf_token');
    await agent.get(url).set('Accept', 'text/html');
  } else await agent.get(url).set('Authorization', basic('alice'));
  expect((await lineOf(url))['userId']).toBe(userId);
});

it('an anonymous request has no account', async () => {
  await request(server.url).get('/explore/').expect(200);
  expect(await lineOf('/explore/')).not.toHaveProperty('userId');
});

it('docs/LOGS.md has all fields', async () => {
  await request(server.url).get('/v1/_ping').set('User-Agent', 'curl/7.35.0').expect(200);
  const documented = readFileSync(path.join(__dirname, '../../../docs/LOGS.md'), 'utf8');
  const unknown = Object.keys(await lineOf('/v1/_ping')).filter((name) => !documented.includes(`\`${name}\``));
  expect(unknown).toEqual(['pid', 'hostname']); // of the logger of tests alone
});
