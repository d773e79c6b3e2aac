import request from 'supertest';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { createOrganization } from '../../../src/features/namespaces/organizations';
import { askApi } from '../../helpers/api-client';
import { createImage, pushImages, startPull } from '../../helpers/images';
import { makePrivate } from '../../helpers/registry-client';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const username of ['alice', 'robert']) await addUser(server, username);
  await createOrganization(server.ctx, OPERATOR_ACTOR, 'acme', { owner: 'alice' });
});
afterAll(() => server.close());
beforeEach(async () => {
  await server.ctx.db('repositories').delete();
  await server.ctx.db('repository_aliases').delete(); // aliases outlive their target
  await pushImages(server, 'alice/app', [createImage()]);
});

const pathOf = (name: string) => `/api/v1.1/repositories/${name}/`;
const move = (from: string, namespace: string, name: string, as = 'alice') =>
  askApi(server, 'post', `${pathOf(from)}move/`, { as, body: { namespace, name } });
const status = async (path: string) => (await askApi(server, 'get', path, { as: 'alice' })).status;

it('a renamed repository can be read by both names, and changed by the new one', async () => {
  const { status: moved, body } = await move('alice/app', 'alice', 'web');
  expect([moved, body]).toMatchObject([200, { namespace: 'alice', name: 'web', tag_count: 1 }]);
  const former = await askApi(server, 'get', pathOf('alice/app'));
  expect([former.status, former.body]).toMatchObject([200, { namespace: 'alice', name: 'web' }]);
  for (const part of [
    'tags/',
    'tags/latest/',
    'tags/latest/image-history/',
    'tag-history/',
    'images/',
    'statistics/',
  ]) {
    expect([part, await status(pathOf('alice/app') + part)]).toEqual([part, 200]);
  }
  const headers = { 'If-Match': '*' };
  const change = await askApi(server, 'patch', pathOf('alice/app'), { as: 'alice', body: {}, headers });
  expect(change.status).toBe(404);
  await startPull(server, 'alice/app');
});

it('a caller who may not read it does not learn that it was renamed', async () => {
  await makePrivate(server, 'alice/app', 'alice');
  await move('alice/app', 'alice', 'web');
  for (const name of ['alice/app', 'alice/web']) {
    expect((await askApi(server, 'get', pathOf(name), { as: 'robert' })).status).toBe(404);
  }
});

it('an organization takes a repository over', async () => {
  expect((await move('alice/app', 'acme', 'app')).body).toMatchObject({ namespace: 'acme', name: 'app' });
  expect((await move('alice/app', 'acme', 'app')).status).toBe(404);
  expect((await move('acme/app', 'acme', 'app')).status).toBe(200);
});

it('refuses names that are taken or impossible, and other users', async () => {
  await pushImages(server, 'alice/taken', [createImage()]);
  const answers = [
    await move('alice/app', 'alice', 'taken'),
    await move('alice/app', 'alice', 'Bad'),
    await move('alice/app', 'nowhere', 'app'),
    await move('alice/app', 'robert', 'app'),
    await move('alice/app', 'alice', 'web', 'robert'),
  ];
  expect(answers.map(({ status: each }) => each)).toEqual([409, 400, 404, 403, 403]);
});

it('needs a free private repository in the plan of the new namespace', async () => {
  await makePrivate(server, 'alice/app', 'alice');
  await server.ctx.db('namespaces').where({ name: 'acme' }).update({ plan: 'free' });
  expect((await move('alice/app', 'acme', 'app')).status).toBe(200);
  await pushImages(server, 'alice/next', [createImage()]);
  await makePrivate(server, 'alice/next', 'alice');
  const { status: refused, body } = await move('alice/next', 'acme', 'next');
  expect([refused, body.detail]).toEqual([403, 'The plan free of acme allows 1 private repository; 1 is in use']);
});

it('lists former names, and releases them', async () => {
  await move('alice/app', 'alice', 'web');
  await move('alice/web', 'acme', 'web');
  const aliases = (query = {}) => askApi(server, 'get', `${pathOf('acme/web')}aliases/`, { as: 'alice', query });
  const [app, web] = ['app', 'web'].map((name) => ({ namespace: 'alice', name }));
  expect((await aliases()).body).toEqual({ count: 2, next: null, previous: null, results: [app, web] });
  expect((await aliases({ page_size: 1, page: 2 })).body.results).toEqual([web]);
  const remove = (as: string, name = 'app') =>
    askApi(server, 'delete', `${pathOf('acme/web')}aliases/alice/${name}/`, { as });
  expect((await remove('robert')).status).toBe(403);
  expect((await remove('alice')).status).toBe(204);
  expect((await remove('alice')).status).toBe(404);
  expect((await remove('alice', 'BAD!')).status).toBe(404);
  expect(await status(pathOf('alice/app'))).toBe(404);
  await request(server.server).get('/v1/repositories/alice/app/tags').expect(404);
  await startPull(server, 'alice/web');
});
