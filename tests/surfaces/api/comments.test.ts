import { askApi } from '../../helpers/api-client';
import { createImage, pushImages } from '../../helpers/images';
import { pushPrivate } from '../../helpers/isolation';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const username of ['alice', 'bobby', 'carol']) await addUser(server, username);
  await addUser(server, 'root', { isAdmin: true });
  for (const name of ['app', 'tools']) await pushImages(server, `alice/${name}`, [createImage()], { user: 'alice' });
  await pushPrivate(server, 'alice/secret', [createImage()]);
});
afterAll(() => server.close());

type Query = Record<string, string | number>;

const at = (rest = '', repository = 'app'): string => `/api/v1.1/repositories/alice/${repository}/comments/${rest}`;
const say = (as: string, text: string, repository = 'app') =>
  askApi(server, 'post', at('', repository), { as, body: { text } });
const idOf = async (as: string, text: string): Promise<number> => (await say(as, text)).body.id;
const listed = async (path: string, as?: string, query: Query = {}): Promise<string[]> => {
  const { body } = await askApi(server, 'get', path, { ...(as === undefined ? {} : { as }), query });
  return body.results.map(({ text }: { text: string }) => text);
};

describe('comments', () => {
  it('can be written by every account that may read, and are listed the latest first, page by page', async () => {
    const { status, body } = await say('bobby', '*Thanks*', 'tools');
    expect([status, body]).toEqual([
      201,
      { id: expect.any(Number), author: 'bobby', text: '*Thanks*', date_created: expect.any(String) },
    ]);
    for (const text of ['second', 'third']) await say('carol', text, 'tools');
    const page = await askApi(server, 'get', at('', 'tools'), { query: { page_size: 2 } });
    expect(page.body.results).toMatchObject([{ text: 'third' }, { text: 'second' }]);
    expect(await listed(page.body.next.replace(server.url, ''))).toEqual(['*Thanks*']);
  });

  it.each([
    ['bobby', '   ', 'app', 400],
    ['bobby', 'a'.repeat(4097), 'app', 400],
    ['bobby', 'Hello', 'secret', 404],
    ['bobby', 'Hello', 'none', 404],
  ])('%s cannot write %.5s in %s: %i', async (as, text, repository, status) => {
    expect((await say(as, text, repository)).status).toBe(status);
  });

  it('need an account to write, and those of a private repository are hidden from other users', async () => {
    expect((await askApi(server, 'post', at(), { body: { text: 'Hello' } })).status).toBe(401);
    expect((await askApi(server, 'get', at('', 'secret'), { as: 'bobby' })).status).toBe(404);
  });

  it('are limited for each account and hour', async () => {
    await server.ctx.db.raw(
      `insert into comments (repository_id, author_id, text)
       select r.id, u.id, 'again' from repositories r, users u, generate_series(1, 60)
       where r.name = 'tools' and u.username = 'root'`,
    );
    const answer = await say('root', 'Hello');
    expect([answer.status, answer.headers['retry-after']]).toEqual([429, '600']);
  });

  it('are deleted by their author and by administrators of the repository, and by nobody else', async () => {
    const remove = async (as: string, id: number): Promise<number> =>
      (await askApi(server, 'delete', at(`${id}/`), { as })).status;
    const first = await idOf('bobby', 'first');
    expect(await remove('carol', first)).toBe(403);
    expect(await remove('bobby', first)).toBe(204);
    expect(await remove('bobby', first)).toBe(404);
    expect(await remove('alice', await idOf('bobby', 'second'))).toBe(204);
    expect(await remove('root', await idOf('bobby', 'third'))).toBe(204);
    expect((await askApi(server, 'delete', at('x/'), { as: 'alice' })).status).toBe(404);
  });
});

describe('flags', () => {
  const flag = async (as: string, id: number): Promise<number> =>
    (await askApi(server, 'put', at(`${id}/flag/`), { as })).status;
  const dismiss = async (as: string, id: number): Promise<number> =>
    (await askApi(server, 'delete', at(`${id}/flags/`), { as })).status;

  it('count once for each account, and are listed to administrators of the repository and of the hub', async () => {
    const id = await idOf('bobby', 'Buy!');
    for (const as of ['carol', 'carol', 'alice']) expect(await flag(as, id)).toBe(204);
    const comment = { id, author: 'bobby', text: 'Buy!', namespace: 'alice', name: 'app', flag_count: 2 };
    const ofRepository = await askApi(server, 'get', at('flagged/'), { as: 'alice' });
    expect(ofRepository.body).toMatchObject({ next: null, results: [comment] });
    const ofAll = await askApi(server, 'get', '/api/v1.1/comments/flagged/', { as: 'root' });
    expect(ofAll.body).toMatchObject({ next: null, results: [comment] });
  });

  it('are dropped when an administrator says so', async () => {
    const id = await idOf('bobby', 'Good');
    await flag('carol', id);
    expect(await dismiss('carol', id)).toBe(403);
    for (const as of ['alice', 'alice', 'root']) expect(await dismiss(as, id)).toBe(204);
    expect(await listed('/api/v1.1/comments/flagged/', 'root')).not.toContain('Good');
    expect([await flag('carol', 4_000_000), await dismiss('alice', 4_000_000)]).toEqual([404, 404]);
  });

  it.each([
    ['of a repository, to strangers', at('flagged/'), 'bobby', 403],
    ['of a private one, to strangers', at('flagged/', 'secret'), 'bobby', 404],
    ['of a repository, to nobody', at('flagged/'), undefined, 401],
    ['of all, to owners', '/api/v1.1/comments/flagged/', 'alice', 403],
  ])('are not shown %s', async (_what, path, as, status) => {
    expect((await askApi(server, 'get', path, as === undefined ? {} : { as })).status).toBe(status);
  });
});
