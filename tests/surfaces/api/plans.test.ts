import { listEvents } from '../../../src/features/audit/audit';
import { askApi } from '../../helpers/api-client';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  for (const username of ['alice', 'robert']) await addUser(server, username);
  await addUser(server, 'root', { isAdmin: true });
});
afterEach(() => server.close());

const PLANS = '/api/v1.1/plans/';

it('everyone sees the plans, in their order', async () => {
  const { body } = await askApi(server, 'get', PLANS);
  expect(body.results.map(({ name, private_repositories: limit }: Record<string, unknown>) => [name, limit])).toEqual([
    ['free', 1],
    ['micro', 5],
    ['small', 10],
    ['medium', 20],
    ['large', 50],
    ['xlarge', 100],
    ['unlimited', null],
  ]);
});

it('administrators create, change and delete plans', async () => {
  const put = (body: object, as = 'root', name = 'tiny') => askApi(server, 'put', `${PLANS}${name}/`, { as, body });
  const made = await put({ private_repositories: 2, position: 1 });
  expect([made.status, made.body]).toEqual([
    201,
    { name: 'tiny', private_repositories: 2, stored_bytes: null, position: 1 },
  ]);
  const changed = await put({ private_repositories: null, stored_bytes: 5_000_000_000 });
  const limits = { private_repositories: null, stored_bytes: 5_000_000_000 };
  expect([changed.status, changed.body]).toEqual([200, { name: 'tiny', ...limits, position: 100 }]);
  expect((await put({ private_repositories: 1, stored_bytes: -1 })).status).toBe(400);
  expect((await put({ private_repositories: 2 }, 'alice')).status).toBe(403);
  expect((await put({ private_repositories: -1 })).status).toBe(400);
  expect((await put({})).status).toBe(400);
  expect((await put({ private_repositories: 1 }, 'root', 'No%20Plan')).status).toBe(400);
  const remove = async (name: string, as = 'root') =>
    (await askApi(server, 'delete', `${PLANS}${name}/`, { as })).status;
  expect(await remove('tiny', 'alice')).toBe(403);
  expect(await remove('tiny')).toBe(204);
  expect(await remove('tiny')).toBe(404);
  expect(await remove('unlimited')).toBe(409);
  const events = await listEvents(server.ctx, { action: 'plan.', limit: 9 });
  expect(events.map(({ action, actor }) => [action, actor])).toEqual([
    ['plan.deleted', 'root'],
    ['plan.changed', 'root'],
    ['plan.changed', 'root'],
  ]);
});

describe('/namespaces/:name/', () => {
  const ALICE = '/api/v1.1/namespaces/alice/';
  const patch = (as: string, body: object, headers: Record<string, string> = {}, path = ALICE) =>
    askApi(server, 'patch', path, { as, body, headers });

  it('shows the plan to every user, and the private repositories only to those who belong to the namespace', async () => {
    await patch('root', { plan: 'micro' });
    await server.ctx.db('repositories').insert({ namespace: 'alice', name: 'app', visibility: 'private' });
    const shown = { name: 'alice', kind: 'user', plan: 'micro', default_visibility: 'public' };
    const slots = { private_repositories: { used: 1, limit: 5 } };
    expect((await askApi(server, 'get', ALICE, { as: 'alice' })).body).toEqual({ ...shown, ...slots });
    expect((await askApi(server, 'get', ALICE, { as: 'root' })).body).toEqual({ ...shown, ...slots });
    const others = await askApi(server, 'get', ALICE, { as: 'robert' });
    expect(others.body).toEqual({ ...shown, private_repositories: null });
    expect((await askApi(server, 'get', ALICE)).status).toBe(401);
    expect((await askApi(server, 'get', '/api/v1.1/namespaces/nobody/', { as: 'alice' })).status).toBe(404);
    const library = await askApi(server, 'get', '/api/v1.1/namespaces/library/', { as: 'root' });
    expect(library.body).toMatchObject({ kind: 'library', private_repositories: { limit: null } });
  });

  it('shows those of an organization to its members', async () => {
    await askApi(server, 'post', '/api/v1.1/orgs/', { as: 'alice', body: { name: 'acme' } });
    await askApi(server, 'put', '/api/v1.1/orgs/acme/teams/developers/', { as: 'alice', body: {} });
    await askApi(server, 'put', '/api/v1.1/orgs/acme/teams/developers/members/robert/', { as: 'root' });
    const path = '/api/v1.1/namespaces/acme/';
    const { body } = await askApi(server, 'get', path, { as: 'robert' });
    expect(body).toMatchObject({ kind: 'organization', private_repositories: { used: 0, limit: 1 } });
    expect((await patch('robert', { default_visibility: 'private' }, {}, path)).status).toBe(403);
    expect((await patch('alice', { default_visibility: 'private' }, {}, path)).status).toBe(200);
  });

  it('lets owners choose the visibility of repositories that a push creates', async () => {
    const { headers } = await askApi(server, 'get', ALICE, { as: 'alice' });
    const seen = { 'If-Match': headers['etag']! };
    const changed = await patch('alice', { default_visibility: 'unlisted' }, seen);
    expect([changed.status, changed.body.default_visibility]).toEqual([200, 'unlisted']);
    expect((await patch('alice', { default_visibility: 'private' }, seen)).status).toBe(412);
    expect((await patch('alice', { default_visibility: 'unlisted' })).status).toBe(200);
    expect((await patch('robert', { default_visibility: 'private' })).status).toBe(403);
    expect((await patch('alice', { default_visibility: 'secret' })).status).toBe(400);
    const events = await listEvents(server.ctx, { action: 'namespace.', limit: 9 });
    expect(events.map(({ actor, subject, details }) => [actor, subject, details])).toEqual([
      ['alice', 'alice', { fields: 'defaultVisibility', to: 'unlisted' }],
    ]);
  });

  it('lets administrators assign plans, and nobody else', async () => {
    expect((await patch('alice', { plan: 'xlarge' })).status).toBe(403);
    expect((await patch('root', { plan: 'none' })).status).toBe(404);
    const both = await patch('root', { plan: 'xlarge', default_visibility: 'private' });
    expect(both.body).toMatchObject({
      plan: 'xlarge',
      default_visibility: 'private',
      private_repositories: { limit: 100 },
    });
    expect((await patch('root', { plan: 'none', default_visibility: 'public' })).status).toBe(404);
    const { body } = await askApi(server, 'get', ALICE, { as: 'alice' });
    expect(body.default_visibility).toBe('private'); // a change is applied whole or not at all
  });
});
