import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { createRepository } from '../../../src/features/repositories/creation';
import { readFullName } from '../../../src/features/repositories/names';
import { askApi } from '../../helpers/api-client';
import { linkAlice, startLinkedPlace, type LinkedPlace } from '../../helpers/linked-place';
import { addUser } from '../../helpers/test-server';

const PATH = '/api/v1.1/users/alice/linked-accounts/';

let place: LinkedPlace;
beforeAll(async () => {
  place = await startLinkedPlace();
  await addUser(place.server, 'mallory');
  await addUser(place.server, 'root', { isAdmin: true });
});
afterAll(() => place.close());

const ask = (method: 'get' | 'delete', path: string, as = 'alice') => askApi(place.server, method, path, { as });

it('lists the linked accounts of a user without their tokens, and unlinks one', async () => {
  const id = await linkAlice(place, 'gitlab');
  const { status, body, text } = await ask('get', PATH);
  expect([status, body.count]).toEqual([200, 1]);
  expect(body.results).toEqual([
    {
      id,
      provider: 'gitlab',
      base_url: place.providers.settings.find(({ kind }) => kind === 'gitlab')?.baseUrl,
      login: 'alice-there',
      access: 'full',
      problem: null,
      since: expect.stringMatching(/^\d{4}-/) as string,
    },
  ]);
  for (const token of place.providers.of.gitlab.tokens.keys()) expect(text).not.toContain(token);
  expect((await ask('get', PATH, 'mallory')).status).toBe(403);
  expect((await ask('get', PATH, 'root')).status).toBe(200);
  expect((await ask('delete', `${PATH}${id}/`, 'mallory')).status).toBe(403);
  expect((await ask('delete', `${PATH}${id}/`)).status).toBe(204);
  expect((await ask('delete', `${PATH}${id}/`)).status).toBe(404);
  expect((await ask('get', PATH)).body.results).toEqual([]);
});

it('lists the repositories of a linked account for its user, and builds one of them', async () => {
  const gitea = place.providers.of.gitea;
  gitea.addRepository('alice-there/shop', { isPrivate: true });
  for (let n = 0; n < 60; n += 1) gitea.addRepository(`alice-there/r${n}`);
  const id = await linkAlice(place, 'gitea');
  const list = (query: string, as = 'alice') => ask('get', `${PATH}${id}/repositories/${query}`, as);
  const first = await list('');
  expect([first.status, first.body.results.length, first.body.next_cursor]).toEqual([200, 50, '2']);
  expect((await list('?cursor=2')).body).toMatchObject({ next_cursor: null });
  expect((await list('?search=shop')).body).toEqual({
    results: [{ full_name: 'alice-there/shop', is_private: true, default_branch: 'main' }],
    next_cursor: null,
  });
  for (const as of ['mallory', 'root']) expect((await list('', as)).status).toBe(403);
  gitea.instead.push({ path: 'search', status: 429, headers: { 'Retry-After': '9' }, times: 1 });
  const busy = await list('');
  expect([busy.status, busy.headers['retry-after']]).toEqual([429, '9']);

  await createRepository(place.server.ctx, OPERATOR_ACTOR, readFullName('alice/app'), 'public');
  const body = { linked_account_id: id, full_name: 'alice-there/shop' };
  const source = '/api/v1.1/repositories/alice/app/build-source/';
  const added = await askApi(place.server, 'post', `${source}linked/`, { as: 'alice', body });
  expect([added.status, added.body]).toMatchObject([
    201,
    {
      provider: 'gitea',
      credential: 'deploy_key',
      linked: { login: 'alice-there', full_name: 'alice-there/shop', state: 'adding', error: null },
      hook_secret: expect.stringMatching(/^[\w-]{43}$/) as string,
    },
  ]);
  expect((await ask('get', source)).body.linked).toEqual(added.body.linked);
  const again = await askApi(place.server, 'post', `${source}linked/`, { as: 'alice', body });
  expect(again.status).toBe(409);
  const theirs = await askApi(place.server, 'post', `${source}linked/`, { as: 'mallory', body });
  expect(theirs.status).toBe(403);
});
