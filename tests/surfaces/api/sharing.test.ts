import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { createOrganization } from '../../../src/features/namespaces/organizations';
import { addMember } from '../../../src/features/namespaces/team-members';
import { putTeam } from '../../../src/features/namespaces/teams';
import { askApi } from '../../helpers/api-client';
import { createImage, pushImages, startPush } from '../../helpers/images';
import { pushPrivate } from '../../helpers/isolation';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const SECRET = '/api/v1.1/repositories/alice/secret/';
const ACME = '/api/v1.1/repositories/acme/app/';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const username of ['alice', 'robert', 'stranger']) await addUser(server, username);
  await pushPrivate(server, 'alice/secret', [createImage()]);
  await createOrganization(server.ctx, OPERATOR_ACTOR, 'acme', { owner: 'alice' });
  await putTeam(server.ctx, OPERATOR_ACTOR, 'acme', { name: 'developers', description: '' });
  await addMember(server.ctx, OPERATOR_ACTOR, { organization: 'acme', team: 'developers' }, 'robert');
  await pushImages(server, 'acme/app', [createImage()]);
});
afterAll(() => server.close());

const see = async (path: string, as: string) => (await askApi(server, 'get', path, { as })).status;

describe('collaborators', () => {
  const path = (username = '') => `${SECRET}collaborators/${username === '' ? '' : `${username}/`}`;
  const put = async (username: string, as = 'alice') => (await askApi(server, 'put', path(username), { as })).status;

  it('are added, work and are removed', async () => {
    expect(await see(SECRET, 'robert')).toBe(404);
    expect([await put('robert'), await put('robert')]).toEqual([201, 204]);
    await startPush(server, 'alice/secret', [], 'robert');
    const { body } = await askApi(server, 'get', path(), { as: 'alice' });
    expect(body).toEqual({
      count: 1,
      next: null,
      previous: null,
      results: [{ username: 'robert', date_added: expect.any(String) }],
    });
    expect([await put('stranger', 'robert'), await see(path(), 'robert')]).toEqual([403, 403]);
    const remove = () => askApi(server, 'delete', path('robert'), { as: 'alice' });
    expect([(await remove()).status, (await remove()).status]).toEqual([204, 404]);
    expect(await see(SECRET, 'robert')).toBe(404);
  });

  it('must be users, cannot be the owner, and not of a repository of an organization', async () => {
    expect([await put('nobody'), await put('alice')]).toEqual([404, 409]);
    const { status, body } = await askApi(server, 'put', `${ACME}collaborators/robert/`, { as: 'alice' });
    expect([status, body.detail]).toEqual([409, 'acme is not a user: give a team access instead']);
  });
});

describe('teams', () => {
  const path = (team = '') => `${ACME}teams/${team === '' ? '' : `${team}/`}`;
  const put = (team: string, access: string, as = 'alice') =>
    askApi(server, 'put', path(team), { as, body: { access } });

  it('get access, another access and none', async () => {
    const given = await put('developers', 'write');
    expect([given.status, given.body]).toEqual([200, { team: 'developers', access: 'write' }]);
    await startPush(server, 'acme/app', [], 'robert');
    expect([(await put('developers', 'admin', 'robert')).status, await see(path(), 'robert')]).toEqual([403, 403]);
    await put('developers', 'admin');
    expect((await askApi(server, 'get', path(), { as: 'robert' })).body.results).toEqual([
      { team: 'developers', access: 'admin' },
    ]);
    const remove = () => askApi(server, 'delete', path('developers'), { as: 'alice' });
    expect([(await remove()).status, (await remove()).status]).toEqual([204, 404]);
    expect(await see(path(), 'robert')).toBe(403);
  });

  it('must belong to the organization, and cannot be its owners', async () => {
    expect((await put('owners', 'read')).status).toBe(409);
    expect((await put('strangers', 'read')).status).toBe(404);
    expect((await put('developers', 'delete')).status).toBe(400);
    const users = await askApi(server, 'put', `${SECRET}teams/developers/`, { as: 'alice', body: { access: 'read' } });
    expect(users.status).toBe(404);
  });
});
