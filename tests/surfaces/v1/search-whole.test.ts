import request from 'supertest';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

interface Found {
  num_results: number;
  results: { name: string }[];
}

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'robert');
  const rows = Array.from({ length: 1200 }, (_, index) => ({
    namespace: 'robert',
    name: `many-${index}`,
    state: 'active',
  }));
  await server.ctx.db('repositories').insert(rows);
});
afterAll(() => server.close());

async function find(query: string, headers: Record<string, string> = {}): Promise<Found> {
  const response = await request(server.server).get(`/v1/search${query}`).set(headers).expect(200);
  return response.body as Found;
}

it('answers everything up to a thousand at once, in an order without gaps', async () => {
  const whole = await find('?q=many');
  expect(whole).toMatchObject({ num_results: 1200, num_pages: 2, page: 1, page_size: 1000 });
  const inPages = await Promise.all(Array.from({ length: 10 }, (_, page) => find(`?q=many&n=100&page=${page + 1}`)));
  expect(whole.results).toEqual(inPages.flatMap(({ results }) => results));
  expect(new Set(whole.results.map(({ name }) => name)).size).toBe(1000);
});

it.each(['?q=many', '?q=', ''])('answers engines up to 1.11, which ask for no page, as much to %j', async (query) => {
  const { results } = await find(query, { 'user-agent': 'docker/1.5.0 go/go1.4' });
  expect(results).toHaveLength(1000);
});

it.each([
  ['?q=many&n=25', { page: 1, page_size: 25, num_pages: 48 }, 25],
  ['?q=many&page=48', { page: 48, page_size: 25, num_pages: 48 }, 25],
  ['?q=many&n=100&page=12', { page: 12, page_size: 100, num_pages: 12 }, 100],
  ['?q=many&n=5000', { page: 1, page_size: 100, num_pages: 12 }, 100],
])('answers a page to %s, as the Hub did', async (query, numbers, length) => {
  const found = await find(query);
  expect(found).toMatchObject({ num_results: 1200, ...numbers });
  expect(found.results).toHaveLength(length);
});
