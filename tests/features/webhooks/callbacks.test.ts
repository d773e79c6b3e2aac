import request from 'supertest';
import type { Webhook } from '../../../src/features/webhooks/webhooks';
import { createImage, pushImages } from '../../helpers/images';
import { startReceiver, type Receiver } from '../../helpers/receiver';
import { actor, addHook, APP, startHookServer, type HookServer } from './hook-server';
import { listDeliveries, redeliver } from '../../helpers/by-name';

let server: HookServer;
let there: Receiver;
let hook: Webhook;
beforeEach(async () => {
  [server, there] = await Promise.all([startHookServer(), startReceiver()]);
  await pushImages(server, 'alice/app', [createImage()]);
  await server.runJobs();
  hook = await addHook(server, `${there.url}/1`, `${there.url}/2`, `${there.url}/3`);
  await pushImages(server, 'alice/app', [createImage()], { tag: 'v2' });
  await server.runJobs();
});
afterEach(() => Promise.all([server.close(), there.close()]));

const paths = () => there.received.map(({ path }) => path);

/** The path of the newest callback URL. */
function callbackPath(): string {
  const { callback_url: url } = JSON.parse(there.received.at(-1)!.body) as { callback_url: string };
  return new URL(url).pathname;
}

const call = (path: string, body: unknown) =>
  request(server.server)
    .post(path)
    .send(body as object);

async function deliveries() {
  return listDeliveries(server.ctx, await actor(server, 'alice'), APP, hook.id, { limit: 10 });
}

it('the next URL is called only after the one before has called back with success, to the end of the chain', async () => {
  expect(paths()).toEqual(['/1']);
  await server.runRetries();
  expect(paths()).toEqual(['/1']);
  await call(callbackPath(), { state: 'success' }).expect(200, { status: 'ok' });
  await server.runJobs();
  expect(paths()).toEqual(['/1', '/2']);
  const said = {
    state: 'success',
    description: 'd'.repeat(255),
    context: 'c'.repeat(100),
    target_url: 'https://ci.test/1',
  };
  await call(callbackPath(), said).expect(200);
  await server.runJobs();
  await call(callbackPath(), { state: 'success' }).expect(200);
  await server.runJobs();
  expect(paths()).toEqual(['/1', '/2', '/3']);
  const [first, second, third] = there.received.map(({ body }) => {
    const { callback_url: url, ...rest } = JSON.parse(body) as { callback_url: string };
    return { url, rest };
  });
  expect([second?.rest, third?.rest]).toEqual([first?.rest, first?.rest]);
  expect(new Set([first?.url, second?.url, third?.url]).size).toBe(3);
  const [, middle] = await deliveries();
  expect(middle).toMatchObject({ position: 1, state: 'delivered', callback: { ...said, at: expect.any(String) } });
});

it.each(['failure', 'error'])('a %s stops the chain and is recorded', async (state) => {
  const path = callbackPath();
  await call(path, { state, description: 'tests failed', context: null }).expect(200);
  await call(path, { state: 'success' }).expect(409, { error: 'This was called back already' });
  await server.runRetries();
  expect(paths()).toEqual(['/1']);
  expect(await deliveries()).toMatchObject([{ callback: { state, description: 'tests failed' } }]);
});

it('only one callback counts, even if ten arrive at the same time', async () => {
  const path = callbackPath();
  const answers = await Promise.all(Array.from({ length: 10 }, () => call(path, { state: 'success' })));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(409)]);
  await server.runJobs();
  expect(paths()).toEqual(['/1', '/2']);
});

it('a URL of the chain that is delivered once more continues from there', async () => {
  await call(callbackPath(), { state: 'success' }).expect(200);
  await server.runJobs();
  const [second] = await deliveries();
  await redeliver(server.ctx, await actor(server, 'alice'), APP, { id: second!.id });
  await server.runJobs();
  expect(paths()).toEqual(['/1', '/2', '/2']);
  await call(callbackPath(), { state: 'success' }).expect(200);
  await server.runJobs();
  expect(paths()).toEqual(['/1', '/2', '/2', '/3']);
});

it.each([
  [{}, 'state must be success, failure or error'],
  [{ state: 'done' }, 'state must be success, failure or error'],
  [{ state: 'success', description: 'd'.repeat(256) }, 'description has at most 255 characters'],
  [{ state: 'success', context: 'c'.repeat(101) }, 'context has at most 100 characters'],
  [{ state: 'success', description: 7 }, 'description must be text'],
  [{ state: 'success', target_url: 'javascript:alert(1)' }, 'target_url must be a URL'],
  [[], 'The body must be a JSON object'],
])('refuses %j', async (body, error) => {
  await call(callbackPath(), body).expect(400, { error });
  expect(await deliveries()).toMatchObject([{ callback: undefined }]);
});

it('refuses a body that is not JSON, and one that is too large', async () => {
  const post = (text: string) => request(server.server).post(callbackPath()).type('application/json').send(text);
  await post('{"state":').expect(400, { error: 'The body must be a JSON object' });
  await post(JSON.stringify({ state: 'success', more: 'x'.repeat(20_000) })).expect(413);
});

it('refuses any other id, repository and method', async () => {
  const path = callbackPath();
  const unknown = { error: 'No such callback' };
  await call(path.replace(/[0-9a-f]{64}/, '0'.repeat(64)), { state: 'success' }).expect(404, unknown);
  await call('/u/alice/app/hook/1/', { state: 'success' }).expect(404, unknown);
  await call(path.replace('alice/app', 'alice/other'), { state: 'success' }).expect(404, unknown);
  await request(server.server).get(path).expect(405).expect('Allow', 'POST, OPTIONS');
});
