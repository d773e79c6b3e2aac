import request from 'supertest';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

interface Found {
  num_results: number;
  results: { name: string }[];
}

interface Row {
  namespace: string;
  name: string;
  description?: string;
  star_count?: number;
  is_automated?: boolean;
  visibility?: 'public' | 'private' | 'unlisted';
  state?: string;
}

const ROWS: readonly Row[] = [
  { namespace: 'library', name: 'redis', description: 'The store', star_count: 3 },
  { namespace: 'library', name: 'redis-tools', star_count: 50 },
  { namespace: 'alice', name: 'redis', description: 'Mine, for 100%', star_count: 90, is_automated: true },
  { namespace: 'alice', name: 'web', description: 'A_b talks to Redis', star_count: 3 },
  { namespace: 'robert', name: 'blog', description: String.raw`back\slash`, star_count: 3 },
  { namespace: 'alice', name: 'redis-secret', visibility: 'private' },
  { namespace: 'robert', name: 'redis-leaving', state: 'deleting' },
];

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'robert');
  await addUser(server, 'sleeper', { isActive: false });
  await addUser(server, 'root', { isAdmin: true });
  const rows = ROWS.map((row) => ({
    description: '',
    state: 'active',
    ...row,
    deleting_since: row.state === 'deleting' ? new Date() : null,
  }));
  await server.ctx.db('repositories').insert(rows);
});
afterAll(() => server.close());

async function find(query: string, headers: Record<string, string> = {}): Promise<Found> {
  const response = await request(server.server).get(`/v1/search${query}`).set(headers);
  expect(response.status).toBe(200);
  expect(response.headers['content-type']).toBe('application/json');
  return response.body as Found;
}

async function namesOf(query: string, headers: Record<string, string> = {}): Promise<string[]> {
  const { results } = await find(query, headers);
  return results.map(({ name }) => name);
}

const EVERYTHING = ['alice/redis', 'redis-tools', 'alice/web', 'redis', 'robert/blog'];

describe('GET /v1/search', () => {
  it('answers in the shape of the Hub', async () => {
    expect(await find('?q=redis')).toEqual({
      query: 'redis',
      num_results: 4,
      num_pages: 1,
      page: 1,
      page_size: 1000,
      results: [
        hit('redis', 'The store', 3, { official: true }),
        hit('alice/redis', 'Mine, for 100%', 90, { automated: true }),
        hit('redis-tools', '', 50, { official: true }),
        hit('alice/web', 'A_b talks to Redis', 3),
      ],
    });
  });

  function hit(
    name: string,
    description: string,
    stars: number,
    is: { official?: true; automated?: true } = {},
  ): unknown {
    const isAutomated = is.automated === true;
    return {
      name,
      description,
      star_count: stars,
      is_official: is.official === true,
      is_trusted: isAutomated,
      is_automated: isAutomated,
    };
  }

  it.each(['', '?q=', '/?q=', '?q=%20', '/'])('%j lists everything that is public', async (query) => {
    expect(await namesOf(query)).toEqual(EVERYTHING);
  });

  it('answers an empty list if nothing is found', async () => {
    const nothing = { num_results: 0, num_pages: 0, page: 1, page_size: 1000, results: [] };
    expect(await find('?q=nosuchthing')).toEqual({ query: 'nosuchthing', ...nothing });
  });

  it('lists the repository of exactly this name first, then by stars, then by name', async () => {
    expect(await namesOf('?q=alice/web')).toEqual(['alice/web']);
    expect(await namesOf('?q=redis')).toEqual(['redis', 'alice/redis', 'redis-tools', 'alice/web']);
    expect(await namesOf('?q=redis-tools')).toEqual(['redis-tools']);
    expect(await namesOf('?q=e')).toEqual(['alice/redis', 'redis-tools', 'alice/web', 'redis', 'robert/blog']);
  });

  it('finds names and descriptions in any case, and all words of a term', async () => {
    expect(await namesOf('?q=REDIS%20TALKS')).toEqual(['alice/web']);
    expect(await namesOf('?q=talks+alice')).toEqual(['alice/web']);
    expect(await namesOf('?q=alice/re')).toEqual(['alice/redis']);
  });

  it('official images have no prefix, and are also found with it', async () => {
    expect(await namesOf('?q=library/redis')).toEqual(await namesOf('?q=redis'));
    expect(await find('?q=library/redis')).toMatchObject({ query: 'library/redis' });
  });

  it.each([
    ['%25', ['alice/redis']],
    ['100%25', ['alice/redis']],
    ['_', ['alice/web']],
    ['a_b', ['alice/web']],
    ['r%25s', []],
    ['r_dis', []],
    ['%5C', ['robert/blog']],
    ['%5C%25', []],
    ["'", []],
    ['%00', EVERYTHING],
    ['%E0%A4%A', []],
  ])('%s is taken literally', async (term, names) => {
    expect(await namesOf(`?q=${term}`)).toEqual(names);
  });

  it('private repositories are found only by those who may read them', async () => {
    const secret = 'alice/redis-secret';
    // A full page uses another query than one that is not full.
    for (const query of ['?q=secret', '?q=secret&n=1']) {
      expect(await namesOf(query)).toEqual([]);
      expect(await namesOf(query, { authorization: basic('robert') })).toEqual([]);
      expect(await namesOf(query, { authorization: basic('alice') })).toEqual([secret]);
      expect(await namesOf(query, { authorization: basic('root') })).toEqual([secret]);
    }
    expect(await namesOf('', { authorization: basic('alice') })).toContain(secret);
    expect((await find('', { authorization: basic('robert') })).num_results).toBe(5);
  });

  it('a repository that is being deleted is not found', async () => {
    for (const name of ['robert', 'root']) {
      for (const query of ['?q=leaving', '?q=redis-leaving&n=1']) {
        expect(await namesOf(query, { authorization: basic(name) })).toEqual([]);
      }
    }
  });

  it('pages through the results', async () => {
    const pages = await Promise.all([1, 2, 3, 4].map((page) => find(`?n=2&page=${page}`)));
    expect(pages.map(({ results }) => results.map(({ name }) => name))).toEqual([
      ['alice/redis', 'redis-tools'],
      ['alice/web', 'redis'],
      ['robert/blog'],
      [],
    ]);
    const numbers = { num_results: 5, num_pages: 3, page_size: 2 };
    expect(pages).toEqual([1, 2, 3, 4].map((page) => expect.objectContaining({ ...numbers, page })));
  });

  it.each([
    ['n=0', { page_size: 1 }],
    ['n=-5', { page_size: 1 }],
    ['n=1', { page_size: 1 }],
    ['n=100', { page_size: 100 }],
    ['n=101', { page_size: 100 }],
    ['n=', { page_size: 25 }],
    ['n=x', { page_size: 25 }],
    ['n=2.5', { page_size: 25 }],
    ['n=99999999999999999999999', { page_size: 25 }],
    ['page=0', { page: 1 }],
    ['page=-1', { page: 1 }],
    ['page=x', { page: 1 }],
    ['page=', { page: 1 }],
  ])('%s is held within bounds', async (parameter, expected) => {
    expect(await find(`?q=redis&${parameter}`)).toMatchObject(expected);
  });

  it.each(['docker/0.5.3 go/go1.1', 'docker/0.6.4', 'docker/0.6.5 go/go1.1 kernel/3.8', 'docker/0.3.2'])(
    '%s gets only strings',
    async (userAgent) => {
      const { results } = await find('?q=redis-tools', { 'user-agent': userAgent });
      expect(results).toEqual([{ name: 'redis-tools', description: '' }]);
    },
  );

  it.each(['docker/0.6.6 go/go1.1', 'docker/0.10.0', 'docker/1.5.0', 'docker/17.05.0-ce', 'curl/7.1', ''])(
    '%j gets every field',
    async (userAgent) => {
      const { results } = await find('?q=redis-tools', { 'user-agent': userAgent });
      expect(results).toEqual([hit('redis-tools', '', 50, { official: true })]);
    },
  );

  it('wrong credentials are a 401, an inactive account a 403', async () => {
    const search = request(server.server).get('/v1/search?q=redis');
    await search.set('Authorization', basic('alice', 'wrong')).expect(401, '""');
    const inactive = request(server.server).get('/v1/search?q=redis');
    await inactive.set('Authorization', basic('sleeper')).expect(403, '"Account is not Active"');
  });

  it('empty credentials are anonymous', async () => {
    expect(await namesOf('', { authorization: 'Basic Og==', 'x-docker-token': 'true' })).toEqual(EVERYTHING);
  });
});
