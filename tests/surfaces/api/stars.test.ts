import { askApi } from '../../helpers/api-client';
import { createImage, pushImages } from '../../helpers/images';
import { pushPrivate } from '../../helpers/isolation';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const REPOSITORIES = ['one', 'two', 'three'];
const USERS = ['alice', 'bobby', 'carol'];

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const username of USERS) await addUser(server, username);
  await addUser(server, 'root', { isAdmin: true });
  for (const name of REPOSITORIES) await pushImages(server, `alice/${name}`, [createImage()], { user: 'alice' });
  await pushPrivate(server, 'alice/secret', [createImage()]);
});
afterAll(() => server.close());

const at = (repository: string, rest = ''): string => `/api/v1.1/repositories/alice/${repository}/${rest}`;
const star = (as: string | undefined, repository: string, method: 'put' | 'delete' = 'put') =>
  askApi(server, method, at(repository, 'star/'), as === undefined ? {} : { as });
const starCount = async (repository: string): Promise<number> =>
  (await askApi(server, 'get', at(repository), { as: 'alice' })).body.star_count;

describe('PUT and DELETE /repositories/:namespace/:name/star/', () => {
  it('add and remove one star, however often', async () => {
    for (const method of ['put', 'put'] as const) expect((await star('bobby', 'one', method)).status).toBe(204);
    expect(await starCount('one')).toBe(1);
    for (const method of ['delete', 'delete'] as const) expect((await star('bobby', 'one', method)).status).toBe(204);
    expect(await starCount('one')).toBe(0);
  });

  it.each([
    ['nobody', undefined, 'one', 401],
    ['a stranger of a private one', 'bobby', 'secret', 404],
    ['somebody, of none', 'bobby', 'none', 404],
  ])('are refused to %s', async (_who, as, repository, status) => {
    expect((await star(as, repository)).status).toBe(status);
    expect((await star(as, repository, 'delete')).status).toBe(status);
  });
});

describe('GET /repositories/:namespace/:name/stargazers/', () => {
  it('lists who gave one, the latest first, page by page', async () => {
    for (const username of USERS) await star(username, 'two');
    const { body } = await askApi(server, 'get', at('two', 'stargazers/'), { query: { page_size: 2 } });
    expect(body.results).toEqual(
      ['carol', 'bobby'].map((username) => ({ username, date_starred: expect.any(String) })),
    );
    const rest = await askApi(server, 'get', body.next.replace(server.url, ''));
    expect(rest.body).toMatchObject({ next: null, results: [{ username: 'alice' }] });
  });

  it('shows those of a private repository only to its readers', async () => {
    await star('alice', 'secret');
    const { body } = await askApi(server, 'get', at('secret', 'stargazers/'), { as: 'alice' });
    expect(body.results).toMatchObject([{ username: 'alice' }]);
    expect((await askApi(server, 'get', at('secret', 'stargazers/'), { as: 'bobby' })).status).toBe(404);
  });
});

describe('GET /users/:username/starred/', () => {
  const starred = (as: string | undefined, username: string, query: Record<string, string | number> = {}) =>
    askApi(server, 'get', `/api/v1.1/users/${username}/starred/`, { ...(as === undefined ? {} : { as }), query });

  it('lists the repositories that the account has starred, page by page, to itself and to administrators', async () => {
    for (const name of REPOSITORIES) await star('carol', name);
    const { body } = await starred('carol', 'carol', { page_size: 2 });
    expect(body.results).toMatchObject([{ namespace: 'alice', name: 'three', star_count: 1 }, { name: 'one' }]);
    const rest = await askApi(server, 'get', body.next.replace(server.url, ''), { as: 'carol' });
    expect([...body.results, ...rest.body.results].map(({ name }) => name)).toEqual(['three', 'one', 'two']);
    expect((await starred('root', 'carol')).body.results).toHaveLength(3);
  });

  it.each([
    ['nobody', undefined, 'carol', 401],
    ['somebody else', 'bobby', 'carol', 403],
    ['an administrator, of none', 'root', 'nobody', 404],
  ])('is refused to %s', async (_who, as, username, status) => {
    expect((await starred(as, username)).status).toBe(status);
  });
});
