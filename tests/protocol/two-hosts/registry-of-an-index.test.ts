import { setTimeout as sleep } from 'node:timers/promises';
import { createChain, createImage, startPush, uploadImage } from '../../helpers/images';
import { call, errorText, makePrivate, registryClient, reply } from '../../helpers/registry-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';
import { examineAtOnce, failedSteps } from '../../surfaces/cli/doctor/examination';
import { deleteThrough, openPull, pulledFrom, pullThrough, pushThrough, type Hosts } from './client';

/*
 * Two Drydocks: one is the index, the other a registry that knows no accounts and accepts the index's tokens
 * (`DRYDOCK_INDEX_URL`).
 */

const REMEMBER_MS = 1000;

let index: TestServer;
let registry: TestServer;
let hosts: Hosts;
beforeAll(async () => {
  const registryEndpoints: string[] = [];
  index = await startTestServer({ settings: { registryEndpoints } });
  registry = await startTestServer({ settings: { remoteIndex: { url: index.url, rememberMs: REMEMBER_MS } } });
  registryEndpoints.push(registry.host);
  hosts = { index, registry };
  for (const name of ['alice', 'robert']) await addUser(index, name);
  await addUser(index, 'root', { isAdmin: true });
});
afterAll(async () => {
  await registry.close();
  await index.close();
});

/** All answers of the index so far are too old by then, however slow the machine is. */
const untilForgotten = () => sleep(REMEMBER_MS + 50);

const REFUSED = [401, errorText('Requires authorization')];
const tags = (repository: string, authorization?: string) =>
  reply(
    call(registry, 'get', `/v1/repositories/${repository}/tags`, authorization === undefined ? {} : { authorization }),
  );

it('all engines push, pull, search and delete through index and registry', async () => {
  expect(failedSteps(await examineAtOnce(index.url))).toEqual({});
});

it('an image can be pushed, pulled by anyone, and deleted without a trace', async () => {
  const chain = createChain(3);
  await pushThrough(hosts, 'alice/app', chain);
  expect(await pullThrough(hosts, 'alice/app')).toEqual(pulledFrom(chain));
  expect((await deleteThrough(hosts, 'alice/app')).statuses).toEqual([202, 200, 200]);
  expect(await registry.ctx.db('repositories').where({ namespace: 'alice', name: 'app' })).toEqual([]);
  const events = await registry.ctx.db('audit_events').where({ subject: 'alice/app' }).select('action', 'actor_name');
  expect(events).toContainEqual({ action: 'repository.deleted', actor_name: null });
});

it('an administrator can push to the library', async () => {
  const chain = createChain(1);
  await pushThrough(hosts, 'library/base', chain, 'root');
  expect(await pullThrough(hosts, 'library/base')).toEqual(pulledFrom(chain));
});

it('a private repository of the index can be pulled only with a token of the index', async () => {
  const chain = createChain(1);
  await startPush(index, 'alice/secret', []);
  await makePrivate(index, 'alice/secret', 'alice');
  await pushThrough(hosts, 'alice/secret', chain);
  expect(await pullThrough(hosts, 'alice/secret', 'alice')).toEqual(pulledFrom(chain));
  await pushThrough(hosts, 'alice/public', chain);
  for (const repository of ['alice/secret', 'alice/public']) {
    for (const authorization of [undefined, 'Token ', 'Basic Og==']) {
      expect(await tags(repository, authorization)).toEqual(REFUSED);
    }
  }
  for (const authorization of [undefined, 'Basic Og==']) {
    expect((await registryClient(registry, authorization).get(chain[0]!.id, 'json')).status).toBe(404);
  }
});

it('a token for one repository is refused for another, and when it was modified', async () => {
  await pushThrough(hosts, 'robert/app', createChain(1), 'robert');
  const mine = await pushThrough(hosts, 'alice/mine', createChain(1));
  const forgeries = [
    mine.replace('alice/mine', 'robert/app'),
    mine.replace(/signature=../, 'signature=00'),
    `${mine},repository="robert/app",access=write`,
    `Token signature=00,repository="robert/app",access=write,${mine.replace('Token ', '')}`,
    `Token signature=00,repository="robert/app",access=read`,
  ];
  for (const forged of [mine, ...forgeries]) expect(await tags('robert/app', forged)).toEqual(REFUSED);
});

it('a token to read cannot push, even if it claims to be one to write', async () => {
  const image = createImage();
  await pushThrough(hosts, 'alice/read', [image]);
  const read = await openPull(index, 'alice/read', 'alice');
  const write = 'access=write';
  for (const authorization of [read, read.replace('access=read', write), `${read},${write}`, `${read}, ${write}`]) {
    const client = registryClient(registry, authorization);
    expect(await reply(client.putJson(image.id, image.json))).toEqual(REFUSED);
    expect(await reply(client.putLayer(image.id, image.layer))).toEqual(REFUSED);
    const path = '/v1/repositories/alice/read/tags/other';
    expect(await reply(call(registry, 'put', path, { authorization, body: `"${image.id}"` }))).toEqual(REFUSED);
    expect(await reply(call(registry, 'delete', '/v1/repositories/alice/read/', { authorization }))).toEqual([
      401,
      '""',
    ]);
  }
});

it('the registry accepts only images that the index lists', async () => {
  const [listed, unlisted] = [createImage(), createImage()];
  const client = registryClient(registry, await startPush(index, 'alice/list', [listed]));
  const refused = [400, errorText('This image does not belong to the repository')];
  expect(await reply(client.putJson(unlisted.id, unlisted.json))).toEqual(refused);
  expect(await reply(client.putJson(listed.id, listed.json))).toEqual([200, 'true']);
});

it('a guest cannot get the bytes of another repository by an id, but has to upload them', async () => {
  const image = createImage();
  await pushThrough(hosts, 'alice/source', [image]);
  const authorization = await startPush(index, 'alice/taker', [image]);
  expect((await registryClient(registry, authorization).get(image.id, 'json')).status).toBe(404);
  await uploadImage(registry, authorization, image);
  expect((await registryClient(registry, authorization).get(image.id, 'json')).status).toBe(200);
});

it('a delete token is valid for one deletion', async () => {
  const chain = createChain(1);
  await pushThrough(hosts, 'alice/once', chain);
  const { token } = await deleteThrough(hosts, 'alice/once');
  await pushThrough(hosts, 'alice/once', chain);
  expect((await call(registry, 'delete', '/v1/repositories/alice/once/', { authorization: token })).status).toBe(401);
  expect(await pullThrough(hosts, 'alice/once')).toEqual(pulledFrom(chain));
});

it('access that the index revokes ends here as soon as its answer is no longer remembered', async () => {
  await addUser(index, 'leaver');
  const token = await pushThrough(hosts, 'leaver/app', createChain(1), 'leaver');
  expect((await tags('leaver/app', token))[0]).toBe(200);
  await index.ctx.db('users').where({ username: 'leaver' }).update({ is_active: false });
  await untilForgotten();
  expect((await tags('leaver/app', token))[0]).toBe(401);
});

describe('accounts of the registry’s own', () => {
  it('work as usual, with Basic and with tokens, in repositories of their own', async () => {
    await addUser(registry, 'local');
    const chain = createChain(1);
    const own = { index: registry, registry };
    await pushThrough(own, 'local/app', chain, 'local');
    expect(await pullThrough(own, 'local/app')).toEqual(pulledFrom(chain));
  });

  it('have no access to repositories of the index under the same name, or vice versa', async () => {
    await addUser(index, 'namesake');
    await addUser(registry, 'namesake');
    const chain = createChain(1);
    await pushThrough(hosts, 'namesake/remote', chain, 'namesake');
    expect(await tags('namesake/remote', basic('namesake'))).toEqual([404, errorText('Repository not found')]);
    const start = { authorization: basic('namesake'), body: '[]' };
    expect((await call(registry, 'put', '/v1/repositories/namesake/remote/', start)).status).toBe(403);

    await pushThrough({ index: registry, registry }, 'namesake/local', chain, 'namesake');
    const image = createImage();
    const guest = registryClient(registry, await startPush(index, 'namesake/local', [image], 'namesake'));
    expect(await reply(guest.putJson(image.id, image.json))).toEqual([403, errorText('Access denied')]);
  });

  it('are separate from those of the index, so that a password of the index is refused', async () => {
    expect(await tags('alice/public', basic('alice'))).toEqual(REFUSED);
  });
});

it('the registry answers 503 in JSON for as long as the index does not answer', async () => {
  const other = await startTestServer();
  await addUser(other, 'alice');
  const remoteIndex = { url: other.url, rememberMs: REMEMBER_MS };
  const lonely = await startTestServer({ settings: { remoteIndex } });
  try {
    const token = await pushThrough({ index: other, registry: lonely }, 'alice/app', createChain(1));
    const read = await openPull(other, 'alice/app');
    await other.close();
    const answer = await call(lonely, 'get', '/v1/repositories/alice/app/tags', { authorization: read });
    expect([answer.status, answer.text]).toEqual([503, errorText('The index does not answer, try again later')]);
    expect(answer.headers['retry-after']).toBe('5');
    // The answer about the other token is remembered for a while, and not longer.
    await untilForgotten();
    expect((await call(lonely, 'get', '/v1/repositories/alice/app/tags', { authorization: token })).status).toBe(503);
  } finally {
    await lonely.close();
  }
});
