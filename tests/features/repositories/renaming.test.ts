import request from 'supertest';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { createAccountToken } from '../../../src/features/accounts/own-access-tokens';
import { listEvents } from '../../../src/features/audit/audit';
import { createOrganization } from '../../../src/features/namespaces/organizations';
import { createRobot, createRobotToken } from '../../../src/features/namespaces/robots';
import { addMember } from '../../../src/features/namespaces/team-members';
import { putTeam } from '../../../src/features/namespaces/teams';
import { deleteUserWithRepositories } from '../../../src/features/repositories/owner-deletion';
import { renameAccount } from '../../../src/features/repositories/renaming';
import { freeRetiredName, listRetiredNames } from '../../../src/features/repositories/retired-names';
import { actorOf } from '../../helpers/actors';
import { askApi, type ApiRequest } from '../../helpers/api-client';
import { browseAs, Browsing } from '../../helpers/browse';
import { moveRepository } from '../../helpers/by-name';
import { createChain, pushImages, startPull, startPush, uploadImage } from '../../helpers/images';
import { queuedJobs } from '../../helpers/run-jobs';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';
import { asUser, digestOf, pushImage } from '../../helpers/v2-client';

/* Logins in these tests are by the old name, with its password: that is what old hosts have stored. */

let server: TestServer;
let number = 0;
let old: string;
let now: string;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'robert');
  await addUser(server, 'root', { isAdmin: true });
});
beforeEach(async () => {
  number += 1;
  [old, now] = [`alice${number}`, `alicia${number}`];
  await addUser(server, old);
});
afterAll(() => server.close());

const rename = (from: string, to: string, more: ApiRequest = { as: old }) =>
  askApi(server, 'post', `/api/v1.1/users/${from}/rename/`, { body: { username: to }, ...more });

const get = (path: string, authorization = basic(old)) =>
  request(server.server).get(path).set('Authorization', authorization);

async function pulls(repository: string, top: string | undefined): Promise<void> {
  const token = await startPull(server, repository, old);
  await get(`/v1/repositories/${repository}/tags/latest`, token).expect(200, `"${top}"`);
  await get(`/v1/images/${top}/layer`, token).expect(200);
}

async function makePrivate(...names: string[]): Promise<void> {
  await server.ctx
    .db('repositories')
    .where({ namespace: old })
    .whereIn('name', names)
    .update({ visibility: 'private' });
}

it('a renamed account keeps everything, and old hosts log in and pull as before', async () => {
  const [image] = createChain(1);
  await pushImages(server, `${old}/app`, [image!], { user: old });
  const { manifest } = await pushImage(server, `${old}/web`, 'one', { user: old });
  await makePrivate('app', 'web');
  const alice = await actorOf(server, old);
  const limited = { name: 'host', access: 'read', repositories: [`${old}/app`, 'robert/x'] } as const;
  const { secret } = await createAccountToken(server.ctx, alice, old, limited);
  await createOrganization(server.ctx, alice, `org${number}`);
  const browser = await browseAs(server, old);
  const v1Token = await startPull(server, `${old}/app`, old);

  const { status, body, headers } = await rename(old, now);
  expect([status, body.username, headers['location']]).toEqual([200, now, `/api/v1.1/users/${now}/`]);

  await get('/v1/users/').expect(200);
  const login = { username: old, password: `${old}pw`, email: `${old}@example.com` };
  await request(server.server).post('/v1/users/').send(login).expect(400, '"Username or email already exists"');
  await get('/v1/users/', basic(now, `${old}pw`)).expect(200);
  await get('/v1/users/', basic(old, 'wrong')).expect(401);
  for (const repository of [`${old}/app`, `${now}/app`]) await pulls(repository, image?.id);
  await get(`/v1/repositories/${old}/app/tags/latest`, v1Token).expect(200);
  for (const name of [old, now]) {
    await get(`/v2/${old}/web/manifests/one`, basic(name, `${old}pw`)).expect(200);
    await get(`/v2/${now}/web/manifests/${manifest.digest}`, basic(name, `${old}pw`)).expect(200);
    await get(`/v2/${old}/app/tags/list`, basic(name, secret)).expect(200);
    await get(`/v2/${old}/web/tags/list`, basic(name, secret)).expect(404);
  }
  const grant = await get(`/v2/token?service=x&scope=repository:${old}/web:pull,push`);
  await get(`/v2/${old}/web/manifests/one`, `Bearer ${grant.body.token}`).expect(200);

  const { body: own } = await askApi(server, 'get', '/api/v1.1/orgs/', { headers: { Authorization: basic(old) } });
  expect(own.results).toMatchObject([{ name: `org${number}` }]);
  expect(await new Browsing(server.server).get(`/u/${old}/`)).toMatchObject({ status: 303, location: `/u/${now}/` });
  expect(await browser.get(`/r/${old}/app/tags/`)).toMatchObject({ status: 302, location: `/r/${now}/app/tags/` });
  const [event] = await listEvents(server.ctx, { action: 'user.renamed', limit: 1 });
  expect(event).toMatchObject({ subject: old, actor: old, details: { to: now } });
  const row = await server.ctx.db('access_tokens').where({ name: 'host' }).first('repositories');
  expect(row.repositories).toEqual([`${now}/app`, 'robert/x']);
});

it('a push to the old name says the new one to those who may push there, and nothing to others', async () => {
  await pushImages(server, `${old}/app`, createChain(1), { user: old });
  const put = (user: string) =>
    request(server.server).put(`/v1/repositories/${old}/app/`).set('Authorization', basic(user)).send([]);
  await rename(old, now);
  const sentence = `${old} was renamed to ${now}: push to ${now}/app`;
  await put(old).expect(403, JSON.stringify(sentence));
  const { status, text } = await asUser(server, 'post', `/v2/${old}/new/blobs/uploads/`, old);
  expect([status, text]).toEqual([403, expect.stringContaining(`push to ${now}/new`)]);
  const refused = await put('robert');
  expect([refused.status, refused.text]).toEqual([403, expect.not.stringContaining(now)]);
  const unknown = await asUser(server, 'post', `/v2/nosuch/new/blobs/uploads/`, 'robert');
  const held = await asUser(server, 'post', `/v2/${old}/new/blobs/uploads/`, 'robert');
  expect([held.status, held.text]).toEqual([unknown.status, unknown.text]);
});

it('a push that is running during a rename loses nothing: it is completed by the new name', async () => {
  const [one, two] = createChain(2);
  const token = await startPush(server, `${old}/app`, [one!, two!], old);
  await uploadImage(server, token, one!);
  const bytes = Buffer.from('a layer');
  const { headers } = await asUser(server, 'post', `/v2/${old}/app/blobs/uploads/`, old).expect(202);
  const location = new URL(String(headers['location']), server.url).pathname;
  await rename(old, now);
  await uploadImage(server, token, two!);
  const tag = request(server.server).put(`/v1/repositories/${old}/app/tags/latest`).set('Authorization', token);
  await tag.type('application/json').send(JSON.stringify(two!.id)).expect(404);
  const put = (path: string) =>
    asUser(server, 'put', `${path}?digest=${digestOf(bytes)}`, old)
      .set('Content-Type', 'application/octet-stream')
      .send(bytes);
  expect((await put(location)).status).toBeGreaterThanOrEqual(400);
  await put(location.replace(`/${old}/`, `/${now}/`)).expect(201);
  const again = await startPush(server, `${now}/app`, [one!, two!], old);
  for (const { id } of [one!, two!]) await get(`/v1/images/${id}/json`, again).expect(200);
  await pushImages(server, `${now}/app`, [one!, two!], { user: old });
  await pulls(`${old}/app`, two!.id);
});

it('nobody else can take the old name, until an administrator frees it (R14)', async () => {
  await rename(old, now);
  const person = { username: old, password: 'another', email: `another${number}@example.com` };
  expect((await askApi(server, 'post', '/api/v1.1/users/', { body: person })).status).toBe(409);
  const robert = await actorOf(server, 'robert');
  const conflict = { code: 'conflict', message: `${old} is the former name of ${now}: choose another name` };
  await expect(createOrganization(server.ctx, robert, old)).rejects.toMatchObject(conflict);
  expect((await rename('robert', old, { as: 'robert' })).status).toBe(409);
  const insert = server.ctx.db('namespaces').insert({ name: old, kind: 'organization' });
  await expect(insert).rejects.toMatchObject({ code: '23505', constraint: 'former_names' });
  const steal = server.ctx.db('namespaces').where({ name: 'robert' }).update({ name: old });
  await expect(steal).rejects.toMatchObject({ code: '23505', constraint: 'former_names' });
  const { names } = await listRetiredNames(server.ctx, OPERATOR_ACTOR);
  expect(names.find(({ name }) => name === old)).toMatchObject({ heldBy: now });
  await freeRetiredName(server.ctx, OPERATOR_ACTOR, old);
  await get('/v1/users/').expect(401);
  await createOrganization(server.ctx, robert, old);
});

it('an account gets its old name back, and can be renamed three times in 30 days', async () => {
  const [image] = createChain(1);
  await pushImages(server, `${old}/app`, [image!], { user: old });
  for (const [from, to] of [[old, now], [now, old], [old, now]] as const) {
    expect((await rename(from, to, { headers: { Authorization: basic(from, `${old}pw`) } })).status).toBe(200);
    for (const name of [old, now]) await pulls(`${name}/app`, image?.id);
  } // prettier-ignore
  const fourth = await rename(now, old, { headers: { Authorization: basic(now, `${old}pw`) } });
  expect([fourth.status, fourth.body.errors]).toEqual([
    409,
    [{ field: 'body.username', message: 'It can be renamed 3 times in 30 days' }],
  ]);
  expect(await renameAccount(server.ctx, OPERATOR_ACTOR, now, old)).toBe(old);
});

it('is refused for names that are taken, malformed or retired, for robots, and to other users', async () => {
  const taken = await rename(old, 'robert');
  expect([taken.status, taken.body.errors]).toEqual([
    409,
    [{ field: 'body.username', message: 'The name robert is already taken' }],
  ]);
  expect((await rename(old, 'library')).status).toBe(409);
  expect((await rename(old, 'No Name')).status).toBe(400);
  expect((await rename('robert', now)).status).toBe(403);
  await server.ctx.db('pushed_namespaces').insert({ name: `gone${number}` });
  expect((await rename(old, `gone${number}`)).status).toBe(409);
  await createOrganization(server.ctx, await actorOf(server, 'robert'), `org${number}`);
  await server.ctx.db('users').insert({ username: `org${number}+ci`, password_hash: '*', robot_of: `org${number}` });
  await expect(renameAccount(server.ctx, OPERATOR_ACTOR, `org${number}+ci`, now)).rejects.toMatchObject({
    code: 'conflict',
  });
  expect((await rename(old, now, { as: 'root' })).status).toBe(200);
});

it('is refused while it would give a repository the former name of another one', async () => {
  await addUser(server, now);
  await pushImages(server, `${now}/app`, createChain(1), { user: now });
  await moveRepository(server.ctx, OPERATOR_ACTOR, { namespace: now, name: 'app' }, { namespace: 'robert', name: now });
  await deleteUserWithRepositories(server.ctx, OPERATOR_ACTOR, now);
  await freeRetiredName(server.ctx, OPERATOR_ACTOR, now);
  await pushImages(server, `${old}/app`, createChain(1), { user: old });
  const { status, body } = await rename(old, now);
  expect([status, body.detail]).toEqual([
    409,
    `${now}/app is the former name of another repository: remove it there first`,
  ]);
  await server.ctx.db('repositories').where({ namespace: 'robert' }).update({ visibility: 'private' });
  expect((await rename(old, now)).body.detail).toBe(
    `${now}/app is the former name of another repository, and hosts may still pull by it. ` +
      'Choose another name, or ask an administrator to release this one',
  );
});

it('of two renames at once one wins, to one name and of one account', async () => {
  await addUser(server, `twin${number}`);
  const race = async (...asked: Promise<{ status: number }>[]) =>
    (await Promise.all(asked)).map(({ status }) => status).sort();
  const toOne = await race(rename(old, now), rename(`twin${number}`, now, { as: `twin${number}` }));
  expect(toOne).toEqual([200, 409]);
  await addUser(server, `lone${number}`);
  const as = { as: `lone${number}` };
  const ofOne = await race(rename(`lone${number}`, `one${number}`, as), rename(`lone${number}`, `two${number}`, as));
  expect(ofOne).toEqual([200, 404]);
});

it('what the account deletes is gone by its old names too, and its pushed names stay taken after it', async () => {
  await pushImages(server, `${old}/app`, createChain(1), { user: old });
  await rename(old, now);
  await askApi(server, 'delete', `/api/v1.1/repositories/${now}/app/`, {
    headers: { Authorization: basic(old), 'If-Match': '*' },
  });
  await get(`/v1/repositories/${old}/app/tags`).expect(404);
  await deleteUserWithRepositories(server.ctx, OPERATOR_ACTOR, now);
  await get('/v1/users/').expect(401);
  const { names } = await listRetiredNames(server.ctx, OPERATOR_ACTOR);
  const retired = names.filter(({ name }) => name.startsWith(old) || name.startsWith(now));
  expect(retired).toEqual([old, now].map((name) => ({ name, since: expect.any(Date), heldBy: undefined })));
});

it('the page renames the account, whose session goes on', async () => {
  const browser = await browseAs(server, old);
  const PATH = '/account/username/';
  expect((await browser.send(PATH, { username: 'robert' })).html).toContain('The name robert is already taken.');
  expect(await browser.send(PATH, { username: now })).toMatchObject({ status: 303, location: PATH });
  const { html } = await browser.get(PATH);
  expect(html).toContain(`Your account is now called ${now}.`);
  expect(html).toContain(`pulls and logins by ${old}.`);
});

it('an organization is renamed by its owners, and its robots log in by both names', async () => {
  const [from, to] = [`org${number}`, `neworg${number}`];
  const alice = await actorOf(server, old);
  await createOrganization(server.ctx, alice, from);
  await createRobot(server.ctx, alice, { organization: from, name: 'ci' });
  const robot = { organization: from, name: 'ci' };
  const { secret } = await createRobotToken(server.ctx, alice, robot, { name: 'host', access: 'read' });
  const [image] = createChain(1);
  await pushImages(server, `${from}/app`, [image!], { user: old });
  await putTeam(server.ctx, alice, from, { name: 'readers', description: '' });
  const path = `/api/v1.1/orgs/${from}/rename/`;
  const ask = (as: string, name: string) => askApi(server, 'post', path, { as, body: { name } });
  expect((await ask('robert', to)).status).toBe(403);
  const taken = await ask(old, 'robert');
  expect([taken.status, taken.body.errors]).toMatchObject([409, [{ field: 'body.name' }]]);
  expect((await ask(old, 'No Name')).status).toBe(400);
  await addUser(server, `owner${number}`);
  await addMember(server.ctx, OPERATOR_ACTOR, { organization: from, team: 'owners' }, `owner${number}`);
  const { status, body } = await ask(old, to);
  expect([status, body.name]).toEqual([200, to]);
  const detail = `The organization ${from} is now called ${to}`;
  const payloads = (await queuedJobs(server.database)).map(({ payload }) => payload as { kind?: string });
  expect(payloads.filter(({ kind }) => kind === 'organization_renamed')).toMatchObject([
    { username: old, detail },
    { username: `owner${number}`, detail, by: old },
  ]);
  for (const name of [from, to]) {
    await pulls(`${name}/app`, image?.id);
    await get('/v1/users/', basic(`${name}+ci`, secret)).expect(200);
    await get(`/v2/${name}/app/tags/list`, basic(`${name}+ci`, secret)).expect(200);
  }
  const teams = await server.ctx.db('teams').where({ namespace: to }).orderBy('name').select('name');
  expect(teams).toEqual([{ name: 'owners' }, { name: 'readers' }]);
  expect((await ask(old, to)).status).toBe(404);
  await expect(createOrganization(server.ctx, alice, from)).rejects.toMatchObject({ code: 'conflict' });
  const browser = await browseAs(server, old);
  const settings = `/organizations/${to}/settings/`;
  const back = await browser.send(`/organizations/${to}/rename/`, { name: from }, settings);
  expect(back).toMatchObject({ status: 303, location: `/organizations/${from}/settings/` });
  const wrong = await browser.send(`/organizations/${from}/rename/`, { name: 'robert' }, back.location);
  expect([wrong.status, wrong.html]).toEqual([409, expect.stringContaining('The name robert is already taken.')]);
  for (const name of [from, to]) await get('/v1/users/', basic(`${name}+ci`, secret)).expect(200);
});
