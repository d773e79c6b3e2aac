import { createHmac } from 'node:crypto';
import { askApi } from '../../helpers/api-client';
import { createImage, pushImages } from '../../helpers/images';
import { startReceiver, type Receiver } from '../../helpers/receiver';
import { startHookServer, type HookServer } from '../../features/webhooks/hook-server';
import { addUser } from '../../helpers/test-server';

const HOOKS = '/api/v1.1/repositories/alice/app/webhooks/';
const TARGET = 'https://ci.example.com/pushed';

let server: HookServer;
let receiver: Receiver;
beforeAll(async () => {
  [server, receiver] = await Promise.all([startHookServer(), startReceiver()]);
  await addUser(server, 'root', { isAdmin: true });
  for (const name of ['app', 'other']) await pushImages(server, `alice/${name}`, [createImage()], { user: 'alice' });
  await server.runJobs(); // the pushes are over before there are webhooks
});
afterAll(async () => {
  await server.close();
  await receiver.close();
});

const make = (body: object, as = 'alice') => askApi(server, 'post', HOOKS, { as, body });
const show = (path: string, as = 'alice') => askApi(server, 'get', path, { as });

/** Creates a webhook of alice/app; resolves to its path and its secret. */
async function madeHook(name: string, urls: readonly string[] = [TARGET]): Promise<{ path: string; secret: string }> {
  const { headers, body } = await make({ name, urls });
  return { path: headers['location']!, secret: body.secret };
}

describe('webhooks', () => {
  it('are created, shown and listed; only the first answer has the secret', async () => {
    const made = await make({ name: 'ci', urls: [TARGET] });
    const { secret, ...shown } = made.body;
    expect(made.status).toBe(201);
    expect(secret).toMatch(/^[\w-]{32}$/);
    expect(shown).toEqual({
      id: expect.any(Number),
      name: 'ci',
      urls: [TARGET],
      is_active: true,
      tells_builds: false,
      failing_since: null,
      created_by: 'alice',
      date_created: expect.any(String),
    });
    expect(made.headers['location']).toBe(`${HOOKS}${shown.id}/`);
    expect((await show(made.headers['location']!)).body).toEqual(shown);
    expect((await show(HOOKS, 'root')).body).toEqual({ count: 1, next: null, previous: null, results: [shown] });
  });

  it('accept a secret of their owner too', async () => {
    const { body } = await make({ name: 'own', urls: [TARGET], secret: 'my-own-secret-of-mine' });
    expect(body.secret).toBe('my-own-secret-of-mine');
  });

  it.each([
    [{ name: '', urls: [TARGET] }, 400],
    [{ name: 'a', urls: [] }, 400],
    [{ name: 'a', urls: ['ftp://ci.example.com/'] }, 400],
    [{ name: 'a', urls: [TARGET], secret: 'short' }, 400],
    [{ name: 'a', urls: TARGET }, 400],
    [{ name: 'ci', urls: [TARGET] }, 409],
  ])('%j is refused: %i', async (body, status) => {
    expect((await make(body)).status).toBe(status);
  });

  it('are changed, and fields that are not sent stay', async () => {
    const { path } = await madeHook('changing');
    const changed = await askApi(server, 'patch', path, { as: 'alice', body: { is_active: false } });
    expect([changed.status, changed.body]).toMatchObject([200, { name: 'changing', urls: [TARGET], is_active: false }]);
    const again = await askApi(server, 'patch', path, { as: 'alice', body: { secret: 'another-secret-of-mine' } });
    expect(again.body).toEqual(changed.body);
    expect((await askApi(server, 'patch', path, { as: 'alice', body: { name: 'ci' } })).status).toBe(409);
    expect((await askApi(server, 'patch', path, { as: 'alice', body: { urls: [] } })).status).toBe(400);
    const [event] = await server.ctx.db('audit_events').where({ action: 'webhook.updated' }).orderBy('id');
    expect(event.details).toEqual({ webhook: 'changing', changed: 'isActive' });
  });

  it('are not changed by a request with an older version', async () => {
    const { path } = await madeHook('raced');
    const tag = (await show(path)).headers['etag']!;
    const patch = (name: string, condition: string) =>
      askApi(server, 'patch', path, { as: 'alice', body: { name }, headers: { 'If-Match': condition } });
    expect((await patch('first', tag)).status).toBe(200);
    expect((await patch('second', tag)).status).toBe(412);
    expect((await patch('third', '*')).status).toBe(200);
    expect((await show(path)).body.name).toBe('third');
  });

  it('are deleted', async () => {
    const { path } = await madeHook('gone');
    expect((await askApi(server, 'delete', path, { as: 'alice' })).status).toBe(204);
    expect((await askApi(server, 'delete', path, { as: 'alice' })).status).toBe(404);
    expect((await show(path)).status).toBe(404);
  });

  it('of others are not found, and those of a public repository are forbidden', async () => {
    const { path } = await madeHook('alone');
    expect((await make({ name: 'b', urls: [TARGET] }, 'bobby')).status).toBe(403);
    for (const door of [HOOKS, path, `${path}deliveries/`]) expect((await show(door, 'bobby')).status).toBe(403);
    expect((await askApi(server, 'get', HOOKS)).status).toBe(401);
    expect((await show(path.replace('/app/', '/other/'))).status).toBe(404);
  });
});

describe('deliveries', () => {
  it('are queued by hand, listed, shown with each attempt, and sent again', async () => {
    const { path, secret } = await madeHook('told', [`${receiver.url}/one`]);
    const queued = await askApi(server, 'post', `${path}test/`, { as: 'alice' });
    expect([queued.status, queued.body]).toEqual([202, { id: expect.any(Number), url: expect.any(String) }]);
    expect((await show(queued.body.url)).body).toMatchObject({ state: 'pending', attempts: [], date_finished: null });
    await server.runJobs();

    const [request] = receiver.received;
    const signature = `sha256=${createHmac('sha256', secret).update(request!.body).digest('hex')}`;
    expect(request!.headers['x-drydock-signature']).toBe(signature);
    const { body } = await show(queued.body.url);
    expect(body).toMatchObject({ event: 'test', position: 0, url: `${receiver.url}/one`, state: 'delivered' });
    expect(body.payload).toMatchObject({ repository: { repo_name: 'alice/app' } });
    expect(body.payload).not.toHaveProperty('callback_url');
    expect(body.attempts).toMatchObject([
      { number: 1, request_headers: { 'X-Drydock-Event': 'test' }, response: { status: 200, body: 'thanks' } },
    ]);

    const again = await askApi(server, 'post', `${queued.body.url}redeliver/`, { as: 'alice' });
    expect(again.status).toBe(202);
    await server.runJobs();
    expect(receiver.received).toHaveLength(2);
    const page = await askApi(server, 'get', `${path}deliveries/`, { as: 'alice', query: { page_size: 1 } });
    expect(page.body.results).toMatchObject([{ id: again.body.id, state: 'delivered', callback: null }]);
    const rest = await show(page.body.next.replace(server.url, ''));
    expect(rest.body.results).toMatchObject([{ id: queued.body.id }]);
  });

  it('show the callback, and why there was no answer', async () => {
    const { path } = await madeHook('refused', ['http://127.0.0.2:9/']);
    const queued = await askApi(server, 'post', `${path}test/`, { as: 'alice' });
    await server.ctx
      .db('webhook_deliveries')
      .where({ id: queued.body.id })
      .update({
        callback: JSON.stringify({ state: 'failure', description: '2 of 5 failed', at: new Date(0).toISOString() }),
      });
    await server.runJobs();
    expect((await show(queued.body.url)).body).toMatchObject({
      state: 'refused',
      callback: { state: 'failure', description: '2 of 5 failed', context: null, target_url: null },
      attempts: [{ response: null, error: expect.stringContaining('127.0.0.2') }],
    });
  });

  it('of another webhook are not found', async () => {
    const [one, two] = [await madeHook('here'), await madeHook('there')];
    const queued = await askApi(server, 'post', `${one.path}test/`, { as: 'alice' });
    const elsewhere = queued.body.url.replace(one.path, two.path);
    expect((await show(elsewhere)).status).toBe(404);
    expect((await askApi(server, 'post', `${elsewhere}redeliver/`, { as: 'alice' })).status).toBe(404);
    expect((await askApi(server, 'post', `${queued.body.url}redeliver/`, { as: 'bobby' })).status).toBe(403);
    expect((await askApi(server, 'post', `${one.path}test/`, { as: 'bobby' })).status).toBe(403);
  });
});
