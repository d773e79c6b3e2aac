import { listEvents } from '../../../src/features/audit/audit';
import { askApi } from '../../helpers/api-client';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  for (const username of ['alice', 'robert', 'carol']) await addUser(server, username);
  await addUser(server, 'root', { isAdmin: true });
  await askApi(server, 'post', '/api/v1.1/orgs/', { as: 'alice', body: { name: 'acme' } });
});
afterEach(() => server.close());

const TEAMS = '/api/v1.1/orgs/acme/teams/';
const DEVELOPERS = `${TEAMS}developers/`;

const put = (as: string, path: string, body: object = {}, headers: Record<string, string> = {}) =>
  askApi(server, 'put', path, { as, body, headers });

describe('/orgs/:org/teams/:team/', () => {
  it('is created by a PUT of an owner, and changed by the next one', async () => {
    const made = await put('alice', DEVELOPERS, { description: 'first' });
    expect([made.status, made.body]).toEqual([
      201,
      { name: 'developers', description: 'first', is_owners: false, member_count: 0 },
    ]);
    const { headers } = await askApi(server, 'get', DEVELOPERS, { as: 'alice' });
    const seen = { 'If-Match': headers['etag']! };
    expect((await put('alice', DEVELOPERS, { description: 'second' }, seen)).status).toBe(200);
    expect((await put('alice', DEVELOPERS, { description: 'third' }, seen)).status).toBe(412);
    expect((await put('alice', DEVELOPERS, { description: 'second' })).body.description).toBe('second');
    expect((await put('alice', `${TEAMS}other/`, {}, seen)).status).toBe(412);
    expect((await put('alice', `${TEAMS}other/`, {}, { 'If-Match': '*' })).status).toBe(201);
    const events = await listEvents(server.ctx, { subject: 'acme/developers', limit: 9 });
    expect(events.map(({ action, actor }) => [action, actor])).toEqual([
      ['team.described', 'alice'],
      ['team.created', 'alice'],
    ]);
  });

  it('is shown to members of the organization, created and deleted only by owners', async () => {
    await put('alice', DEVELOPERS);
    expect((await askApi(server, 'get', DEVELOPERS, { as: 'robert' })).status).toBe(403);
    await put('root', `${DEVELOPERS}members/robert/`);
    expect((await askApi(server, 'get', DEVELOPERS, { as: 'robert' })).body.member_count).toBe(1);
    expect((await put('robert', `${TEAMS}mine/`)).status).toBe(403);
    expect((await askApi(server, 'delete', DEVELOPERS, { as: 'robert' })).status).toBe(403);
    expect((await askApi(server, 'delete', DEVELOPERS, { as: 'alice' })).status).toBe(204);
    expect((await askApi(server, 'delete', DEVELOPERS, { as: 'alice' })).status).toBe(404);
    expect((await askApi(server, 'delete', `${TEAMS}owners/`, { as: 'alice' })).status).toBe(409);
  });

  it.each([
    ['No%20Team', {}, 400],
    ['team', { description: 'x'.repeat(256) }, 400],
    ['team', { members: [] }, 400],
  ])('PUT of %s with %j is a %i', async (name, body, status) => {
    expect((await put('alice', `${TEAMS}${name}/`, body)).status).toBe(status);
  });

  it('is in a list, the owners first, page by page', async () => {
    await put('alice', DEVELOPERS);
    await put('alice', `${TEAMS}admins/`);
    const names = async (query: Record<string, number>) => {
      const { body } = await askApi(server, 'get', TEAMS, { as: 'alice', query });
      return [body.count, body.results.map(({ name }: { name: string }) => name)];
    };
    expect(await names({})).toEqual([3, ['owners', 'admins', 'developers']]);
    expect(await names({ page_size: 2, page: 2 })).toEqual([3, ['developers']]);
    expect((await askApi(server, 'get', TEAMS, { as: 'robert' })).status).toBe(403);
    expect((await askApi(server, 'get', '/api/v1.1/orgs/nothing/teams/', { as: 'alice' })).status).toBe(404);
  });
});

describe('/orgs/:org/teams/:team/members/', () => {
  const names = async (as: string, team = 'developers') => {
    const { body } = await askApi(server, 'get', `${TEAMS}${team}/members/`, { as });
    return body.results.map(({ username }: { username: string }) => username);
  };

  it('are added without an invitation by administrators; by owners, if they are robots', async () => {
    await put('alice', DEVELOPERS);
    expect((await put('alice', `${DEVELOPERS}members/robert/`)).status).toBe(403);
    for (let time = 1; time <= 2; time += 1) {
      expect((await put('root', `${DEVELOPERS}members/robert/`)).status).toBe(204);
    }
    await askApi(server, 'put', '/api/v1.1/orgs/acme/robots/ci/', { as: 'alice' });
    expect((await put('alice', `${DEVELOPERS}members/acme+ci/`)).status).toBe(204);
    expect((await put('alice', `${TEAMS}owners/members/acme+ci/`)).status).toBe(409);
    expect((await put('root', `${DEVELOPERS}members/nobody/`)).status).toBe(404);
    expect(await names('robert')).toEqual(['acme+ci', 'robert']);
    expect((await askApi(server, 'get', `${DEVELOPERS}members/`, { as: 'carol' })).status).toBe(403);
  });

  it('can leave on their own, or are removed by owners; the last owner stays', async () => {
    await put('alice', DEVELOPERS);
    for (const username of ['robert', 'carol']) await put('root', `${DEVELOPERS}members/${username}/`);
    const remove = async (as: string, path: string) => (await askApi(server, 'delete', path, { as })).status;
    expect(await remove('robert', `${DEVELOPERS}members/carol/`)).toBe(403);
    expect(await remove('robert', `${DEVELOPERS}members/robert/`)).toBe(204);
    expect(await remove('alice', `${DEVELOPERS}members/carol/`)).toBe(204);
    expect(await remove('alice', `${DEVELOPERS}members/carol/`)).toBe(404);
    expect(await remove('alice', `${TEAMS}owners/members/alice/`)).toBe(409);
    expect(await names('alice', 'owners')).toEqual(['alice']);
  });
});
