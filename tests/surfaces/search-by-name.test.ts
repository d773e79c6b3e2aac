import request from 'supertest';
import { askApi } from '../helpers/api-client';
import { addUser, startTestServer, type TestServer } from '../helpers/test-server';

/* A user who searches for a whole name wants that repository, however many stars its neighbours have. */

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  const names = { ubuntu: 0, 'ubuntu-cuda': 90, 'ubuntu-desktop': 5 };
  const rows = Object.entries(names).map(([name, star_count]) => ({
    namespace: 'alice',
    name,
    star_count,
    state: 'active',
  }));
  await server.ctx.db('repositories').insert(rows);
});
afterAll(() => server.close());

const IN_ORDER = ['alice/ubuntu', 'alice/ubuntu-cuda', 'alice/ubuntu-desktop'];

it('v1 lists it first', async () => {
  for (const query of ['q=alice/ubuntu', 'q=alice/ubuntu&n=25']) {
    const { body } = await request(server.server).get(`/v1/search?${query}`);
    expect((body as { results: { name: string }[] }).results.map(({ name }) => name)).toEqual(IN_ORDER);
  }
});

it('the API lists it first', async () => {
  const { body } = await askApi(server, 'get', '/api/v1.1/search/', { query: { q: 'alice/ubuntu' } });
  expect((body as { results: { name: string }[] }).results.map(({ name }) => name)).toEqual(IN_ORDER);
});

it('the page lists it first', async () => {
  const { text } = await request(server.server).get('/search?q=alice/ubuntu').set('Accept', 'text/html').redirects(1);
  const links = [...text.matchAll(/href="\/r\/(alice\/[a-z-]+)\/"/g)].map(([, name]) => name);
  expect([...new Set(links)]).toEqual(IN_ORDER);
});
