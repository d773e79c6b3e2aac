import { askApi } from '../../helpers/api-client';
import { createImage, pushImages } from '../../helpers/images';
import { pushPrivate } from '../../helpers/isolation';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const APP = '/api/v1.1/repositories/alice/app/';
const SECRET = '/api/v1.1/repositories/alice/secret/';

let server: TestServer;
let today: string;
beforeAll(async () => {
  server = await startTestServer();
  for (const username of ['alice', 'robert']) await addUser(server, username);
  await addUser(server, 'root', { isAdmin: true });
  await pushImages(server, 'alice/app', [createImage()]);
  await pushPrivate(server, 'alice/secret', [createImage()]);
  await server.ctx.activity.flush();
  today = new Date().toISOString().slice(0, 10);
  await server.ctx.db('repository_activity').delete();
  await server.ctx.db.raw(
    `insert into repository_activity (repository_id, day, engine, kernel, pulls, pushes)
     select r.id, a.day::date, a.engine, a.kernel, a.pulls, a.pushes from repositories r join (values
       ('app', '2014-06-09', '1.0.0', '3.13', 3, 1), ('app', '2014-06-11', '', '', 4, 0),
       ('app', ?, '1.5.0', '3.16', 5, 2), ('app', ?, '1.6.0', '3.16', 9, 0), ('secret', ?, '1.7.0', '4.0', 20, 0)
     ) as a (name, day, engine, kernel, pulls, pushes) on a.name = r.name`,
    [today, today, today],
  );
});
afterAll(() => server.close());

describe('GET /repositories/:namespace/:name/statistics/', () => {
  const read = (query = {}) => askApi(server, 'get', `${APP}statistics/`, { query });

  it('counts each day of a range, and the total', async () => {
    const { body } = await read({ from: '2014-06-09', to: '2014-06-11' });
    expect(body).toEqual({
      pull_count: 21,
      push_count: 3,
      days: [
        { date: '2014-06-09', pull_count: 3, push_count: 1 },
        { date: '2014-06-10', pull_count: 0, push_count: 0 },
        { date: '2014-06-11', pull_count: 4, push_count: 0 },
      ],
    });
    expect((await askApi(server, 'get', APP)).body).toMatchObject({ pull_count: 21, push_count: 3 });
  });

  it('shows the last 30 days by default', async () => {
    const { body } = await read();
    expect([body.days.length, body.days.at(-1)]).toEqual([30, { date: today, pull_count: 14, push_count: 2 }]);
    expect((await read({ to: '2014-06-11' })).body.days[0].date).toBe('2014-05-13');
  });

  it.each([
    { from: 'yesterday' },
    { from: '2014-02-30' },
    { from: '2014-06-11', to: '2014-06-09' },
    { from: '2014-01-01', to: '2016-01-01' },
    { to: '0000-01-05' },
    { from: '0000-01-01', to: '0000-01-05' },
  ])('refuses %j, which is not a range', async (query) => {
    expect((await read(query)).status).toBe(400);
  });

  it('is for those who may read the repository', async () => {
    expect((await askApi(server, 'get', `${SECRET}statistics/`, { as: 'robert' })).status).toBe(404);
  });
});

describe('engines', () => {
  it('of a repository are shown to its administrators', async () => {
    const { body } = await askApi(server, 'get', `${APP}statistics/engines/`, { as: 'alice' });
    expect([body.count, body.results]).toEqual([
      2,
      [
        { engine: '1.6.0', kernel: '3.16', pull_count: 9, push_count: 0, last_seen: today },
        { engine: '1.5.0', kernel: '3.16', pull_count: 5, push_count: 2, last_seen: today },
      ],
    ]);
    expect((await askApi(server, 'get', `${APP}statistics/engines/`, { as: 'robert' })).status).toBe(403);
    const query = { days: 367 };
    expect((await askApi(server, 'get', `${APP}statistics/engines/`, { as: 'alice', query })).status).toBe(400);
  });

  it('of all repositories are shown to site administrators', async () => {
    const query = { page_size: 1, days: 1 };
    const { body } = await askApi(server, 'get', '/api/v1.1/statistics/engines/', { as: 'root', query });
    expect(body).toMatchObject({ count: 3, results: [{ engine: '1.7.0', pull_count: 20 }] });
    expect((await askApi(server, 'get', '/api/v1.1/statistics/engines/', { as: 'alice' })).status).toBe(403);
  });
});
