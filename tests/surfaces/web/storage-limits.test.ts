import { askApi } from '../../helpers/api-client';
import { browseAs } from '../../helpers/browse';
import { createImage, pushImages, startPush } from '../../helpers/images';
import { registryClient, reply } from '../../helpers/registry-client';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const API = '/api/v1.1/namespaces/alice/storage/';
const ADMIN = '/admin/namespaces/alice/';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const username of ['alice', 'robert']) await addUser(server, username);
  await addUser(server, 'root', { isAdmin: true });
  await server.ctx.db('plans').where({ name: 'free' }).update({ stored_bytes: 1_000_000_000 });
  await server.ctx.db('namespaces').where({ name: 'alice' }).update({ plan: 'free' });
  await pushImages(server, 'alice/app', [createImage({ layer: Buffer.alloc(9500, 'x') })]);
});
afterAll(() => server.close());

const limited = (limit: number | null, as = 'root') => askApi(server, 'put', API, { as, body: { limit } });

/** Pushes one more layer; resolves to the answer to it. */
async function pushMore(bytes: number): Promise<unknown> {
  const image = createImage({ layer: Buffer.alloc(bytes, String(bytes)) });
  const push = registryClient(server, await startPush(server, 'alice/more', [image], 'alice'));
  await push.putJson(image.id, image.json);
  return reply(push.putLayer(image.id, image.layer));
}

it('administrators give a namespace its own limit, which pushes obey, and take it away again', async () => {
  const { body: before } = await askApi(server, 'get', API, { as: 'alice' });
  expect(before).toEqual({ namespace: 'alice', used: 9500, limit: 1_000_000_000, limited_by: 'plan' });
  expect((await limited(10_000)).body).toEqual({ ...before, limit: 10_000, limited_by: 'own' });
  const text = 'The storage limit of alice allows 9.8 KiB of layers, and there is no room for this one';
  expect(await pushMore(600)).toEqual([403, JSON.stringify({ error: text })]);
  expect((await limited(null)).body).toMatchObject({ limit: null, limited_by: 'own' });
  expect(await pushMore(700)).toEqual([200, 'true']);
  const { status, body } = await askApi(server, 'delete', API, { as: 'root' });
  expect([status, body]).toEqual([200, { ...before, used: 10_200 }]);
  expect((await limited(-1)).status).toBe(400);
  const events = await server.ctx.db('audit_events').where('action', 'like', 'namespace.storage%').orderBy('id');
  expect(events.map(({ action, subject, actor_name: by, details }) => [action, subject, by, details])).toEqual([
    ['namespace.storage_limit_set', 'alice', 'root', { to: 10_000 }],
    ['namespace.storage_limit_set', 'alice', 'root', { to: 'unlimited' }],
    ['namespace.storage_limit_removed', 'alice', 'root', {}],
  ]);
});

it('others neither see nor change it', async () => {
  expect((await askApi(server, 'get', API, { as: 'robert' })).status).toBe(403);
  for (const as of ['alice', 'robert']) {
    expect((await limited(5, as)).status).toBe(403);
    expect((await askApi(server, 'delete', API, { as })).status).toBe(403);
  }
  const missing = API.replace('alice', 'nobody');
  expect((await askApi(server, 'put', missing, { as: 'root', body: { limit: 5 } })).status).toBe(404);
});

it('pages show the use, and warn near the limit; administrators find the namespace by its size', async () => {
  const [root, alice] = [await browseAs(server, 'root'), await browseAs(server, 'alice')];
  const overview = (await root.get('/admin/storage/')).html;
  expect(overview).toContain(`href="${ADMIN}"`);
  const set = (layers: string) => root.send(`${ADMIN}storage/`, { layers }, ADMIN);
  expect((await set('lots')).html).toContain('Enter a size for the layers, such as 500m or 10g');
  expect((await set('11k')).location).toBe(ADMIN);
  expect((await root.get(ADMIN)).html).toContain('The limit of alice was set.');
  const near = (await alice.get('/account/plan/')).html;
  expect(near).toContain('a limit that administrators gave this namespace');
  expect(near).toMatch(/nearly full<\/span> 1\.06 kB left/);
  await set('1k');
  expect((await alice.get('/account/plan/')).html).toContain('Pushes of new layers are refused.');
  await set('');
  expect((await alice.get('/account/plan/')).html).toContain('There is no limit.');
  await root.send(`${ADMIN}storage/remove/`, {}, ADMIN);
  expect((await root.get(ADMIN)).html).toContain('The limit of its plan counts for alice again.');
  await alice.send('/organizations/add/', { name: 'acme' });
  expect((await alice.get('/organizations/acme/plan/')).html).toMatch(/0 bytes<\/span> of <span[^>]*>1\.00 GB/);
});
