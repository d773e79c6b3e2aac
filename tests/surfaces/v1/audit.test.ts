import request, { type Test } from 'supertest';
import { listEvents, type AuditFilter } from '../../../src/features/audit/audit';
import { finishDeletions } from '../../../src/features/repositories/deletion';
import { trustProxies } from '../../../src/platform/http/client-address';
import { createImage, createChain, pushImages, startPull } from '../../helpers/images';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

/* The events that v1 requests leave in the audit log. */

let server: TestServer;
let lastId = 0;
beforeAll(async () => {
  server = await startTestServer({ settings: { trustsProxy: trustProxies(['loopback']) } });
  await addUser(server, 'alice');
});
afterAll(() => server.close());

/** The new events since the last call, in order: actor, address, action, subject, details. */
async function news(filter: Partial<AuditFilter> = {}): Promise<unknown[]> {
  const events = await listEvents(server.ctx, { limit: 1000, ...filter });
  const fresh = events.filter(({ id }) => id > lastId).reverse();
  lastId = Math.max(lastId, ...events.map(({ id }) => id));
  return fresh.map(({ actor, address, action, subject, details }) => [actor, address, action, subject, details]);
}
beforeEach(() => news());

const ask = (test: Test): Test => test.set('X-Forwarded-For', '192.0.2.1');
const as = (authorization: string, test: Test): Test => ask(test).set('Authorization', authorization);

it('records a registration', async () => {
  const body = { username: 'robert', password: 'secret99', email: 'robert@example.com' };
  await ask(request(server.server).post('/v1/users')).send(body).expect(201);
  await ask(request(server.server).post('/v1/users')).send(body).expect(400);
  expect(await news()).toEqual([['robert', '192.0.2.1', 'user.registered', 'robert', {}]]);
});

it('records logins, also those of other requests, and failed ones', async () => {
  await addUser(server, 'carol');
  await news();
  await as(basic('carol'), request(server.server).get('/v1/search?q=x')).expect(200);
  await as(basic('carol'), request(server.server).get('/v1/users')).expect(200);
  await as(basic('carol', 'wrong'), request(server.server).get('/v1/users')).expect(401);
  await as(basic('no\0body', 'wrong'), request(server.server).get('/v1/users')).expect(401);
  expect(await news()).toEqual([
    ['carol', '192.0.2.1', 'login.ok', 'carol', {}],
    [undefined, '192.0.2.1', 'login.failed', 'carol', {}],
    [undefined, '192.0.2.1', 'login.failed', 'no\ufffdbody', {}],
  ]);
});

it('records a change of password or address by a user or an administrator', async () => {
  await addUser(server, 'dave');
  await addUser(server, 'boss', { isAdmin: true });
  await news();
  const put = (who: string, password?: string) =>
    as(basic(who, password), request(server.server).put('/v1/users/dave/'));
  await put('dave').send({ password: 'another', email: 'd@example.org' }).expect(204);
  await put('dave', 'another').send({ email: 'd@example.org' }).expect(204); // a repeated address changes nothing
  await put('boss').send({ password: 'davepw' }).expect(204);
  await put('alice').send({ password: 'stolen' }).expect(403);
  expect(await news({ action: 'user' })).toEqual([
    ['dave', '192.0.2.1', 'user.password_changed', 'dave', {}],
    ['dave', '192.0.2.1', 'user.email_added', 'dave', {}],
    ['boss', '192.0.2.1', 'user.password_changed', 'dave', {}],
  ]);
});

it('records a push: the new repository, its tags, and its end; of an equal push only its end', async () => {
  const chain = createChain(2);
  const [base, top] = chain;
  await pushImages(server, 'alice/app', chain, { tag: 'latest' });
  expect((await news()).filter((event) => (event as string[])[2] !== 'login.ok')).toEqual([
    ['alice', '127.0.0.1', 'repository.created', 'alice/app', {}],
    ['alice', '127.0.0.1', 'tag.set', 'alice/app:latest', { to: top!.id }],
    ['alice', '127.0.0.1', 'push.finished', 'alice/app', {}],
  ]);
  await pushImages(server, 'alice/app', chain, { tag: 'latest' });
  expect(await news()).toEqual([['alice', '127.0.0.1', 'push.finished', 'alice/app', {}]]);
  await pushImages(server, 'alice/app', [base!], { tag: 'latest' });
  expect(await news()).toEqual([
    ['alice', '127.0.0.1', 'tag.moved', 'alice/app:latest', { from: top!.id, to: base!.id }],
    ['alice', '127.0.0.1', 'push.finished', 'alice/app', {}],
  ]);
});

it('records tags that are moved at the same time as one chain of moves', async () => {
  const images = Array.from({ length: 6 }, () => createImage());
  for (const image of images) await pushImages(server, 'alice/race', [image], { tag: `at_${image.id.slice(0, 8)}` });
  await news();
  const put = (id: string) =>
    as(basic('alice'), request(server.server).put('/v1/repositories/alice/race/tags/now'))
      .type('application/json')
      .send(JSON.stringify(id))
      .expect(200);
  await Promise.all(images.map(({ id }) => put(id)));
  const moves = (await news({ action: 'tag' })) as [unknown, unknown, string, unknown, { from?: string; to: string }][];
  expect(moves.filter(([, , action]) => action === 'tag.set')).toHaveLength(1);
  const { to: last } = (await server.ctx.db('tags').where({ name: 'now' }).select('image_id as to'))[0] as {
    to: string;
  };
  const ends = new Map(moves.map(([, , , , { from, to }]) => [from, to]));
  const path: string[] = [];
  for (let at = ends.get(undefined); at !== undefined; at = ends.get(at)) path.push(at);
  expect(new Set(path)).toEqual(new Set(images.map(({ id }) => id)));
  expect(path.at(-1)).toBe(last);
});

it('records a change of visibility, a deleted tag, and the three steps of a deletion', async () => {
  const image = createImage();
  await pushImages(server, 'alice/gone', [image], { tag: 'v1' });
  await news();
  const repository = '/v1/repositories/alice/gone';
  const by = (test: Test) => as(basic('alice'), test);
  await by(request(server.server).put(`${repository}/properties`))
    .send({ access: 'private' })
    .expect(200);
  await by(request(server.server).delete(`${repository}/tags/v1`)).expect(200);
  await by(request(server.server).delete(`${repository}/tags/v1`)).expect(404);
  const { headers } = await by(request(server.server).delete(`${repository}/`)).expect(202);
  const token = `Token ${headers['x-docker-token'] as string}`;
  await as(token, request(server.server).delete(`${repository}/`)).expect(200);
  await by(request(server.server).delete(`${repository}/`)).expect(200);
  expect(await news()).toEqual([
    ['alice', '192.0.2.1', 'repository.visibility_changed', 'alice/gone', { from: 'public', to: 'private' }],
    ['alice', '192.0.2.1', 'tag.deleted', 'alice/gone:v1', { from: image.id }],
    ['alice', '192.0.2.1', 'repository.deletion_started', 'alice/gone', {}],
    ['alice', '192.0.2.1', 'repository.emptied', 'alice/gone', {}],
    ['alice', '192.0.2.1', 'repository.deleted', 'alice/gone', {}],
  ]);
});

it('records a deletion that the server finishes by itself', async () => {
  await pushImages(server, 'alice/left', [createImage()]);
  await as(basic('alice'), request(server.server).delete('/v1/repositories/alice/left/')).expect(202);
  await news();
  await finishDeletions(server.ctx, 0);
  expect(await news()).toEqual([['server', 'job', 'repository.deleted', 'alice/left', {}]]);
});

it('records nothing of pulls and refused requests', async () => {
  const image = createImage();
  await pushImages(server, 'alice/read', [image]);
  await news();
  const token = await startPull(server, 'alice/read', 'alice');
  for (const part of ['json', 'layer', 'ancestry']) {
    await as(token, request(server.server).get(`/v1/images/${image.id}/${part}`)).expect(200);
  }
  await ask(request(server.server).get('/v1/repositories/alice/read/tags')).expect(200);
  await as(token, request(server.server).delete('/v1/repositories/alice/read/tags/latest')).expect(401);
  await ask(request(server.server).put('/v1/repositories/alice/other/')).send([]).expect(401);
  await as(token, request(server.server).put('/v1/repositories/alice/read/tags/x')).send('"x"').expect(401);
  expect(await news()).toEqual([]);
});
