import { askApi } from '../../helpers/api-client';
import { createImage, pushImages, type TestImage } from '../../helpers/images';
import { pushPrivate } from '../../helpers/isolation';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
let image: TestImage;
beforeAll(async () => {
  server = await startTestServer();
  for (const username of ['alice', 'robert']) await addUser(server, username);
  await addUser(server, 'root', { isAdmin: true });
  image = createImage();
  await pushImages(server, 'alice/app', [image], { user: 'alice' });
  await pushImages(server, 'alice/tools', [createImage()], { user: 'alice' });
  await pushPrivate(server, 'alice/secret', [createImage()]);
  await server.ctx
    .db('repositories')
    .where({ name: 'app' })
    .update({ description: 'an app', full_description: '# App' });
  await server.ctx.db.raw(
    `insert into tags (repository_id, name, image_id, engine)
     select r.id, t.name, ?, '{}' from repositories r, (values ('1.0'), ('1.1'), ('latest')) as t (name)
     where r.name = 'app' on conflict do nothing`,
    [image.id],
  );
});
afterAll(() => server.close());

const APP = '/api/v1.1/repositories/alice/app/';
const SECRET = '/api/v1.1/repositories/alice/secret/';

async function names(as: string | undefined, query: Record<string, string | number> = {}): Promise<unknown> {
  const who = as === undefined ? {} : { as };
  const { body } = await askApi(server, 'get', '/api/v1.1/repositories/alice/', { ...who, query });
  return [body.count, body.results.map(({ name }: { name: string }) => name)];
}

describe('GET /repositories/:namespace/', () => {
  it('lists what the caller may read, and counts nothing else', async () => {
    expect(await names(undefined)).toEqual([2, ['app', 'tools']]);
    expect(await names('robert')).toEqual([2, ['app', 'tools']]);
    expect(await names('alice')).toEqual([3, ['app', 'secret', 'tools']]);
    expect(await names('root')).toEqual([3, ['app', 'secret', 'tools']]);
  });

  it('pages and filters', async () => {
    expect(await names('alice', { page_size: 1, page: 2 })).toEqual([3, ['secret']]);
    expect(await names('alice', { name: 'o' })).toEqual([1, ['tools']]);
    expect(await names('alice', { name: '_' })).toEqual([0, []]);
  });

  it.each(['nobody', 'no body', '..%2f'])('of %s is a 404', async (namespace) => {
    const path = `/api/v1.1/repositories/${encodeURIComponent(namespace)}/`;
    expect((await askApi(server, 'get', path)).status).toBe(404);
  });
});

describe('GET /repositories/:namespace/:name/', () => {
  it('shows a repository', async () => {
    const { status, body } = await askApi(server, 'get', APP);
    expect([status, body]).toEqual([
      200,
      {
        namespace: 'alice',
        name: 'app',
        description: 'an app',
        full_description: '# App',
        is_private: false,
        is_automated: false,
        is_official: false,
        status: 'active',
        star_count: 0,
        tag_count: 3,
        immutable_tags: [],
        comment_count: 0,
        pull_count: expect.any(Number),
        push_count: expect.any(Number),
        is_starred: false,
        can_write: false,
        can_administer: false,
        visibility: 'public',
        date_created: expect.any(String),
        last_updated: expect.any(String),
      },
    ]);
  });

  it.each([
    ['a private one, its owner', 'alice', SECRET, 200],
    ['a private one, an administrator', 'root', SECRET, 200],
    ['a private one, a stranger', 'robert', SECRET, 404],
    ['none', 'robert', '/api/v1.1/repositories/alice/none/', 404],
    ['a name that none can have', 'robert', '/api/v1.1/repositories/alice/NONE!/', 404],
  ])('%s', async (_what, as, path, status) => {
    expect((await askApi(server, 'get', path, { as })).status).toBe(status);
    expect((await askApi(server, 'get', `${path}tags/`, { as })).status).toBe(status);
  });
});

describe('GET /repositories/:namespace/:name/tags/', () => {
  it('lists the tags by name, page by page', async () => {
    const { body } = await askApi(server, 'get', `${APP}tags/`, { query: { page_size: 2 } });
    expect(body).toMatchObject({ count: 3, previous: null });
    expect(body.results).toMatchObject(['1.0', '1.1'].map((name) => ({ name, image_id: image.id })));
    const rest = await askApi(server, 'get', body.next.replace(server.url, ''));
    expect(rest.body).toMatchObject({ next: null, results: [{ name: 'latest' }] });
  });
});

describe('GET /search/accounts/', () => {
  it('finds users and organizations, in pages', async () => {
    const path = '/api/v1.1/search/accounts/';
    const { body } = await askApi(server, 'get', path, { query: { q: 'ALI' } });
    expect(body).toMatchObject({ count: 1, next: null, results: [{ name: 'alice', type: 'User', full_name: '' }] });
    const none = await askApi(server, 'get', path, { as: 'robert', query: { q: 'ali', type: 'Organization' } });
    expect(none.body).toEqual({ count: 0, next: null, previous: null, results: [] });
    expect((await askApi(server, 'get', path, { query: { type: 'Robot' } })).status).toBe(400);
  });
});

describe('GET /search/', () => {
  it('finds what the caller may read', async () => {
    const found = async (as: string | undefined) => {
      const who = as === undefined ? {} : { as };
      const { body } = await askApi(server, 'get', '/api/v1.1/search/', { ...who, query: { q: 'alice' } });
      return [body.count, body.results.map(({ name }: { name: string }) => name)];
    };
    expect(await found(undefined)).toEqual([2, ['alice/app', 'alice/tools']]);
    expect(await found('robert')).toEqual([2, ['alice/app', 'alice/tools']]);
    expect(await found('alice')).toEqual([3, ['alice/app', 'alice/secret', 'alice/tools']]);
  });

  it('sorts, and shows the number of pulls', async () => {
    for (const sort of ['best', 'stars', 'pulls', 'updated']) {
      const answer = await askApi(server, 'get', '/api/v1.1/search/', { query: { q: 'alice', sort } });
      expect([sort, answer.status, answer.body.results[0]]).toMatchObject([sort, 200, { pull_count: 0 }]);
    }
    expect((await askApi(server, 'get', '/api/v1.1/search/', { query: { sort: 'worst' } })).status).toBe(400);
  });

  it('has pages', async () => {
    const { body } = await askApi(server, 'get', '/api/v1.1/search/', { query: { page_size: 1, page: 2 } });
    expect(body).toMatchObject({
      count: 2,
      next: null,
      results: [{ name: 'alice/tools', description: '', star_count: 0, is_official: false, is_automated: false }],
    });
  });
});
