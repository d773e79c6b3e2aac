import { listEvents } from '../../../src/features/audit/audit';
import { askApi } from '../../helpers/api-client';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  for (const username of ['alice', 'robert']) await addUser(server, username);
  await addUser(server, 'root', { isAdmin: true });
  await askApi(server, 'post', ORGS, { as: 'alice', body: { name: 'acme' } });
});
afterEach(() => server.close());

const ORGS = '/api/v1.1/orgs/';
const ACME = '/api/v1.1/orgs/acme/';

describe('POST /orgs/', () => {
  it('creates an organization, owned by its creator', async () => {
    const made = await askApi(server, 'post', ORGS, { as: 'robert', body: { name: 'robots_inc' } });
    expect([made.status, made.headers['location']]).toEqual([201, '/api/v1.1/orgs/robots_inc/']);
    expect(made.body).toMatchObject({ name: 'robots_inc', type: 'Organization', full_name: '', gravatar_url: '' });
    const { body } = await askApi(server, 'get', '/api/v1.1/orgs/robots_inc/teams/owners/members/', { as: 'robert' });
    expect(body.results).toMatchObject([{ username: 'robert', is_robot: false }]);
  });

  it.each([
    [{ name: 'acme' }, 409],
    [{ name: 'robert' }, 409],
    [{ name: 'Ac me' }, 400],
    [{}, 400],
  ])('refuses %j with %i', async (body, status) => {
    expect((await askApi(server, 'post', ORGS, { as: 'alice', body })).status).toBe(status);
  });
});

describe('GET /orgs/', () => {
  const names = async (as: string, query: Record<string, string | number> = {}) => {
    const { status, body } = await askApi(server, 'get', ORGS, { as, query });
    return status === 200 ? [body.count, body.results.map(({ name }: { name: string }) => name)] : status;
  };

  it("lists the caller's organizations, and all for administrators, page by page", async () => {
    await askApi(server, 'post', ORGS, { as: 'robert', body: { name: 'other_one' } });
    expect(await names('alice')).toEqual([1, ['acme']]);
    expect(await names('robert')).toEqual([1, ['other_one']]);
    expect(await names('root')).toEqual([0, []]);
    expect(await names('root', { all: 'true' })).toEqual([2, ['acme', 'other_one']]);
    expect(await names('root', { all: 'true', page_size: 1, page: 2 })).toEqual([2, ['other_one']]);
    expect(await names('root', { all: 'true', name: 'R_O' })).toEqual([1, ['other_one']]);
    expect(await names('root', { all: 'true', name: '%' })).toEqual([0, []]);
    expect(await names('alice', { all: 'true' })).toBe(403);
    const { body } = await askApi(server, 'get', ORGS, { as: 'alice' });
    expect(body.results).toMatchObject([{ plan: 'free', team_count: 1, member_count: 1 }]);
  });
});

describe('/orgs/:org/', () => {
  it('is shown to members and administrators, in any case', async () => {
    expect((await askApi(server, 'get', ACME, { as: 'alice' })).body).toMatchObject({ name: 'acme', url: ACME });
    expect((await askApi(server, 'get', '/api/v1.1/orgs/ACME/', { as: 'root' })).status).toBe(200);
    expect((await askApi(server, 'get', ACME, { as: 'robert' })).status).toBe(403);
    expect((await askApi(server, 'get', ACME)).status).toBe(401);
    expect((await askApi(server, 'get', '/api/v1.1/orgs/alice/', { as: 'alice' })).status).toBe(404);
  });

  it('PATCH changes the given fields of the profile, for owners', async () => {
    const { headers } = await askApi(server, 'get', ACME, { as: 'alice' });
    const seen = { 'If-Match': headers['etag']! };
    const body = { full_name: 'Acme', profile_url: 'https://acme.example', gravatar_email: 'hello@acme.example' };
    const patched = await askApi(server, 'patch', ACME, { as: 'alice', body, headers: seen });
    expect(patched.status).toBe(200);
    expect(patched.body).toMatchObject({ ...body, location: '' });
    expect(patched.body.gravatar_url).toMatch(/^https:\/\/secure\.gravatar\.com\/avatar\/[0-9a-f]{32}\.jpg/);
    expect((await askApi(server, 'get', ACME, { as: 'alice' })).body).toEqual(patched.body);
    const patch = async (as: string, change: object, more: Record<string, string> = {}) =>
      (await askApi(server, 'patch', ACME, { as, body: change, headers: more })).status;
    expect(await patch('alice', { location: 'Here' }, seen)).toBe(412);
    expect(await patch('alice', { profile_url: 'javascript:alert(1)' })).toBe(400);
    expect(await patch('alice', { name: 'other' })).toBe(400);
    expect(await patch('robert', { location: 'Here' })).toBe(403);
    expect(await patch('root', { location: 'Here' })).toBe(200);
    const events = await listEvents(server.ctx, { subject: 'acme', action: 'namespace.settings_changed', limit: 9 });
    expect(events.map(({ actor, details }) => [actor, details])).toEqual([
      ['root', { fields: 'location' }],
      ['alice', { fields: 'fullName,profileUrl,gravatarEmail' }],
    ]);
  });

  it('DELETE is for owners, and only if it has no repositories', async () => {
    expect((await askApi(server, 'delete', ACME, { as: 'robert' })).status).toBe(403);
    await server.ctx.db('repositories').insert({ namespace: 'acme', name: 'app' });
    expect((await askApi(server, 'delete', ACME, { as: 'alice' })).status).toBe(409);
    await server.ctx.db('repositories').delete();
    expect((await askApi(server, 'delete', ACME, { as: 'alice' })).status).toBe(204);
    expect((await askApi(server, 'delete', ACME, { as: 'alice' })).status).toBe(404);
  });

  it('members/ lists everyone with their teams, for members', async () => {
    await askApi(server, 'put', `${ACME}teams/developers/`, { as: 'alice', body: {} });
    for (const username of ['robert', 'alice']) {
      await askApi(server, 'put', `${ACME}teams/developers/members/${username}/`, { as: 'root' });
    }
    const { body } = await askApi(server, 'get', `${ACME}members/`, { as: 'robert', query: { page_size: 1 } });
    expect(body).toMatchObject({
      count: 2,
      results: [{ username: 'alice', is_robot: false, teams: ['owners', 'developers'] }],
    });
    await addUser(server, 'carol');
    expect((await askApi(server, 'get', `${ACME}members/`, { as: 'carol' })).status).toBe(403);
  });
});

describe('POST /users/:username/convert/', () => {
  const convert = (as: string, username: string, owner: string) =>
    askApi(server, 'post', `/api/v1.1/users/${username}/convert/`, { as, body: { owner } });

  it('turns a user into an organization, for administrators', async () => {
    await server.ctx.db('repositories').insert({ namespace: 'robert', name: 'app' });
    expect((await convert('alice', 'robert', 'alice')).status).toBe(403);
    const made = await convert('root', 'robert', 'alice');
    expect([made.status, made.body.name]).toEqual([201, 'robert']);
    expect((await askApi(server, 'get', '/api/v1.1/users/robert/', { as: 'robert' })).status).toBe(401);
    expect((await askApi(server, 'get', '/api/v1.1/orgs/robert/', { as: 'alice' })).status).toBe(200);
    expect(await listEvents(server.ctx, { action: 'organization.converted', limit: 9 })).toMatchObject([
      { actor: 'root', subject: 'robert' },
    ]);
  });

  it.each([
    ['alice', 'robert', 409], // the only owner of acme
    ['root', 'robert', 409],
    ['robert', 'robert', 400],
    ['nobody', 'robert', 404],
    ['robert', 'nobody', 404],
  ])('of %s, for %s, is a %i', async (username, owner, status) => {
    expect((await convert('root', username, owner)).status).toBe(status);
  });
});

it('the only owner of an organization is not deleted', async () => {
  expect((await askApi(server, 'delete', '/api/v1.1/users/alice/', { as: 'root' })).status).toBe(409);
  await askApi(server, 'put', `${ACME}teams/owners/members/robert/`, { as: 'root' });
  expect((await askApi(server, 'delete', '/api/v1.1/users/alice/', { as: 'root' })).status).toBe(204);
});
