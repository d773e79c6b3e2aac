import { listEvents } from '../../../src/features/audit/audit';
import { askApi, logIn } from '../../helpers/api-client';
import { pushImages, createImage } from '../../helpers/images';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'root', { isAdmin: true });
});
afterEach(() => server.close());

const as = 'root';
const USERS = '/api/v1.1/users/';
const ANY = { 'If-Match': '*' };

function statusOf(username: string): string {
  return `/api/v1.1/users/${username}/status/`;
}

it.each([
  ['get', USERS],
  ['get', '/api/v1.1/users/alice/status/'],
  ['put', '/api/v1.1/users/alice/status/'],
  ['delete', '/api/v1.1/users/root/'],
  ['get', '/api/v1.1/audit/'],
] as const)('%s %s is for administrators', async (method, path) => {
  const body = method === 'put' ? { body: { is_active: true, is_admin: true } } : {};
  expect((await askApi(server, method, path, { ...body, headers: ANY })).status).toBe(401);
  expect((await askApi(server, method, path, { ...body, headers: ANY, as: 'alice' })).status).toBe(403);
});

describe('GET /users/', () => {
  it('shows the plan, and when an account was last seen', async () => {
    await logIn(server, 'alice');
    const { body } = await askApi(server, 'get', USERS, { as });
    expect(body.results).toMatchObject([
      { username: 'alice', plan: 'unlimited', last_seen_at: expect.any(String) },
      { username: 'root', plan: 'unlimited' },
    ]);
  });

  const names = async (query: Record<string, string | number>) => {
    const { body } = await askApi(server, 'get', USERS, { as, query });
    return [body.count, body.results.map(({ username }: { username: string }) => username)];
  };

  it('lists accounts by name, page by page, and filters', async () => {
    await addUser(server, 'a_b_c', { isActive: false });
    await addUser(server, 'axbxc');
    expect(await names({})).toEqual([4, ['a_b_c', 'alice', 'axbxc', 'root']]);
    expect(await names({ page_size: 3, page: 2 })).toEqual([4, ['root']]);
    expect(await names({ is_admin: 'true' })).toEqual([1, ['root']]);
    expect(await names({ is_active: 'false' })).toEqual([1, ['a_b_c']]);
    expect(await names({ is_active: 'true', is_admin: 'false' })).toEqual([2, ['alice', 'axbxc']]);
    expect(await names({ q: 'A_B' })).toEqual([1, ['a_b_c']]);
    expect(await names({ q: '%' })).toEqual([0, []]);
    expect(await names({ q: 'alice@example' })).toEqual([1, ['alice']]);
  });
});

describe('/users/:username/status/', () => {
  it('activates, deactivates and appoints administrators, as often as asked', async () => {
    const put = async (body: object) =>
      (await askApi(server, 'put', statusOf('alice'), { as, body, headers: ANY })).status;
    expect(await put({ is_active: false, is_admin: true })).toBe(200);
    expect(await put({ is_active: false, is_admin: true })).toBe(200);
    const read = await askApi(server, 'get', statusOf('alice'), { as });
    expect(read.body).toEqual({ is_active: false, is_admin: true });
    expect((await askApi(server, 'get', '/api/v1.1/users/alice/', { as: 'alice' })).status).toBe(403);
    expect(await put({ is_active: true, is_admin: false })).toBe(200);
    expect((await askApi(server, 'get', '/api/v1.1/users/alice/', { as: 'alice' })).status).toBe(200);
    const events = await listEvents(server.ctx, { subject: 'alice', action: 'user.', limit: 10 });
    expect(events.map(({ action, actor }) => `${action} ${actor}`).sort()).toEqual([
      'user.activated root',
      'user.admin_granted root',
      'user.admin_revoked root',
      'user.created operator',
      'user.deactivated root',
    ]);
  });

  it('requires If-Match, so that no administrator undoes a change that they have not seen', async () => {
    const { headers } = await askApi(server, 'get', statusOf('alice'), { as });
    const put = async (body: object, match: Record<string, string>) =>
      (await askApi(server, 'put', statusOf('alice'), { as, body, headers: match })).status;
    const seen = { 'If-Match': headers['etag']! };
    expect(await put({ is_active: false, is_admin: false }, {})).toBe(428);
    expect(await put({ is_active: false, is_admin: false }, seen)).toBe(200);
    expect(await put({ is_active: true, is_admin: true }, seen)).toBe(412);
    expect(await put({ is_active: true, is_admin: true }, { 'If-Match': 'W/"weak", "other"' })).toBe(412);
    expect((await askApi(server, 'get', statusOf('alice'), { as })).body).toEqual({
      is_active: false,
      is_admin: false,
    });
  });

  it.each([[{ is_active: true, is_admin: false }], [{ is_active: false, is_admin: true }]])(
    'does not remove the last administrator: %j',
    async (body) => {
      expect((await askApi(server, 'put', statusOf('root'), { as, body, headers: ANY })).status).toBe(409);
      await addUser(server, 'sleeper', { isAdmin: true, isActive: false });
      expect((await askApi(server, 'put', statusOf('root'), { as, body, headers: ANY })).status).toBe(409);
      await addUser(server, 'second', { isAdmin: true });
      expect((await askApi(server, 'put', statusOf('root'), { as, body, headers: ANY })).status).toBe(200);
    },
  );

  it('of two administrators who demote each other at once, one stays', async () => {
    await addUser(server, 'second', { isAdmin: true });
    const body = { is_active: true, is_admin: false };
    const answers = await Promise.all([
      askApi(server, 'put', statusOf('second'), { as: 'root', body, headers: ANY }),
      askApi(server, 'put', statusOf('root'), { as: 'second', body, headers: ANY }),
    ]);
    const left = await server.ctx.db('users').where({ is_admin: true });
    expect(left).toHaveLength(1);
    expect(answers.map(({ status }) => status)).toContain(200);
  });

  it('answers 404 for an unknown user', async () => {
    const body = { is_active: true, is_admin: false };
    expect((await askApi(server, 'get', statusOf('nobody'), { as })).status).toBe(404);
    expect((await askApi(server, 'put', statusOf('nobody'), { as, body, headers: ANY })).status).toBe(404);
  });
});

describe('DELETE /users/:username/', () => {
  it('deletes an account; one that has repositories only together with them', async () => {
    await pushImages(server, 'alice/app', [createImage()], { user: 'alice' });
    const path = '/api/v1.1/users/alice/';
    expect((await askApi(server, 'delete', path, { as })).status).toBe(409);
    expect((await askApi(server, 'delete', path, { as, query: { with_repositories: 'true' } })).status).toBe(204);
    expect((await askApi(server, 'delete', path, { as })).status).toBe(404);
    const events = await listEvents(server.ctx, { user: 'root', limit: 10 });
    expect(events.slice(0, 2).map(({ action, subject }) => [action, subject])).toEqual([
      ['user.deleted', 'alice'],
      ['repository.deleted', 'alice/app'],
    ]);
  });

  it('does not delete the last administrator', async () => {
    expect((await askApi(server, 'delete', '/api/v1.1/users/root/', { as })).status).toBe(409);
  });
});

describe('GET /audit/', () => {
  it('shows events, the newest first, page by page, and filters', async () => {
    await askApi(server, 'get', USERS, { as });
    await askApi(server, 'get', USERS, { headers: { Authorization: 'Basic YWxpY2U6d3Jvbmc=' } });
    const ask = async (query: Record<string, string | number>) => {
      const { body } = await askApi(server, 'get', '/api/v1.1/audit/', { as, query });
      return [
        body.count,
        body.results.map((event: Record<string, string>) => `${event['action']} ${event['subject']}`),
      ];
    };
    const all = ['login.failed alice', 'login.ok root', 'user.created root', 'user.created alice'];
    expect(await ask({})).toEqual([4, all]);
    expect(await ask({ page_size: 1, page: 2 })).toEqual([4, all.slice(1, 2)]);
    expect(await ask({ user: 'alice' })).toEqual([1, ['login.failed alice']]);
    expect(await ask({ action: 'user' })).toEqual([2, ['user.created root', 'user.created alice']]);
    expect(await ask({ subject: 'root' })).toEqual([2, ['login.ok root', 'user.created root']]);
    expect(await ask({ since: '2999-01-01T00:00:00Z' })).toEqual([0, []]);
    expect(await ask({ until: '2014-06-09T12:30:00Z' })).toEqual([0, []]);
    expect(await ask({ since: '2014-06-09T12:30:00+02:00' })).toEqual([4, all]);
    const answer = await askApi(server, 'get', '/api/v1.1/audit/', { as, query: { since: 'yesterday' } });
    expect(answer.status).toBe(400);
  });
});

describe('GET /health/', () => {
  it('says ok, and 503 if the database does not answer', async () => {
    const well = await askApi(server, 'get', '/api/v1.1/health/');
    expect([well.status, well.body]).toEqual([200, { status: 'ok', database: 'ok', storage: 'ok' }]);
    await server.ctx.db.destroy();
    const ill = await askApi(server, 'get', '/api/v1.1/health/');
    expect([ill.status, ill.body]).toEqual([503, { status: 'failed', database: 'failed', storage: 'ok' }]);
    server.ctx.db.initialize();
  });
});
