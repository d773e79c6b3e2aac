import { createChain, createImage, startPush } from '../../helpers/images';
import { call, errorText, makePrivate, reply } from '../../helpers/registry-client';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { deleteThrough, openPull, pulledFrom, pullThrough, pushThrough, type Hosts } from './client';
import { startTokenModeRegistry, type TokenModeRegistry } from './token-mode-registry';

/* Drydock as the index of a registry by another vendor, which shows it every token (protocol 2.8 to 2.11). */

let index: TestServer;
let registry: TokenModeRegistry;
let hosts: Hosts;
beforeAll(async () => {
  const registryEndpoints: string[] = [];
  index = await startTestServer({ settings: { registryEndpoints } });
  registry = await startTokenModeRegistry(index.url);
  registryEndpoints.push(registry.host);
  hosts = { index, registry };
  await addUser(index, 'alice');
  await addUser(index, 'robert');
});
afterAll(async () => {
  await registry.close();
  await index.close();
});
beforeEach(() => {
  registry.asked.length = 0;
});

it('a push, pull and deletion work with a registry of another vendor', async () => {
  const chain = createChain(3);
  const token = await pushThrough(hosts, 'alice/app', chain);
  expect(await pullThrough(hosts, 'alice/app')).toEqual(pulledFrom(chain));
  const removal = await deleteThrough(hosts, 'alice/app');
  expect(removal.statuses).toEqual([202, 200, 200]);

  // Every token was shown unchanged, and no answer was a refusal.
  expect(new Set(registry.asked.map(({ status }) => status))).toEqual(new Set([200]));
  const list = '/v1/repositories/alice/app/images';
  const lists = registry.asked.filter(({ path }) => path === list).map(({ authorization }) => authorization);
  expect(lists).toEqual(expect.arrayContaining([token, removal.token]));
  const parents = chain.slice(0, 2).map(({ id }) => `/v1/repositories/alice/app/layer/${id}/access`);
  expect(registry.asked.map(({ path }) => path)).toEqual(expect.arrayContaining(parents));
  // Nothing is left on either.
  expect((await call(registry, 'get', '/v1/repositories/alice/app/tags', { authorization: token })).status).toBe(401);
  expect((await call(index, 'get', list)).status).toBe(404);
});

it('a second push of the same images works, although the registry already has their ids', async () => {
  const chain = createChain(2);
  await pushThrough(hosts, 'alice/again', chain.slice(0, 1));
  const longer = [createImage({ parent: chain[0]!.id })];
  const token = await startPush(index, 'alice/again', [chain[0]!, ...longer]);
  const put = (id: string, body: Buffer) =>
    reply(call(registry, 'put', `/v1/images/${id}/json`, { authorization: token, body }));
  expect(await put(chain[0]!.id, chain[0]!.json)).toEqual([409, errorText('Image already exists')]);
  expect(await put(longer[0]!.id, longer[0]!.json)).toEqual([200, 'true']);
});

it('only the owner of a private repository can pull it', async () => {
  const chain = createChain(2);
  await startPush(index, 'alice/secret', []);
  await makePrivate(index, 'alice/secret', 'alice');
  registry.privateRepositories.add('alice/secret');
  await pushThrough(hosts, 'alice/secret', chain);
  expect(await pullThrough(hosts, 'alice/secret', 'alice')).toEqual(pulledFrom(chain));
  await expect(openPull(index, 'alice/secret')).rejects.toThrow('open: 401');
  await expect(openPull(index, 'alice/secret', 'robert')).rejects.toThrow('open: 404');
});

it('the registry refuses an image that the index does not list', async () => {
  const authorization = await startPush(index, 'alice/listed', [createImage()]);
  const image = createImage();
  expect(
    await reply(call(registry, 'put', `/v1/images/${image.id}/json`, { authorization, body: image.json })),
  ).toEqual([400, errorText('This image does not belong to the repository')]);
});

it('the registry refuses a parent that only another user has', async () => {
  const [base] = createChain(1);
  await startPush(index, 'robert/hidden', [], 'robert');
  await makePrivate(index, 'robert/hidden', 'robert');
  await pushThrough(hosts, 'robert/hidden', [base!], 'robert');
  const child = createImage({ parent: base!.id });
  const authorization = await startPush(index, 'alice/thief', [child]);
  expect(
    await reply(call(registry, 'put', `/v1/images/${child.id}/json`, { authorization, body: child.json })),
  ).toEqual([400, errorText('Image depends on an unauthorized parent')]);
});

it('a modified token, or one of a deleted account, is refused', async () => {
  const chain = createChain(1);
  await addUser(index, 'leaver');
  await pushThrough(hosts, 'leaver/app', chain, 'leaver');
  const read = await openPull(index, 'leaver/app', 'leaver');
  const tags = (authorization: string) => call(registry, 'get', '/v1/repositories/leaver/app/tags', { authorization });
  expect((await tags(read)).status).toBe(200);
  const elsewhere = await openPull(index, 'alice/again');
  for (const forged of [elsewhere.replace('alice/again', 'leaver/app'), read.replace('=read', '=delete')]) {
    expect((await tags(forged)).status).toBe(401);
  }
  await index.ctx.db('users').where({ username: 'leaver' }).update({ is_active: false });
  expect((await tags(read)).status).toBe(401);
});
