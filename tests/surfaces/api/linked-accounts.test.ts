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
