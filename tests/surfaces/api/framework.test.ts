import request from 'supertest';
import { askApi } from '../../helpers/api-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'root', { isAdmin: true });
});
afterAll(() => server.close());

const ALICE = '/api/v1.1/users/alice/';

describe('a request', () => {
  it('may omit the slash at the end', async () => {
    const [with_, without] = [ALICE, ALICE.slice(0, -1)];
    const answers = [
      await askApi(server, 'get', with_, { as: 'alice' }),
      await askApi(server, 'get', without, { as: 'alice' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[0]!.body).toEqual(answers[1]!.body);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/jsonp'])(
    'with a body of %s is a 415',
    async (type) => {
      const answer = await askApi(server, 'patch', ALICE, {
        as: 'alice',
        headers: { 'Content-Type': type },
        body: '{"company":"Acme"}',
      });
      expect(answer.status).toBe(415);
      expect(answer.body.detail).toBe('The Content-Type must be application/json');
    },
  );

  it('with JSON and another charset parameter is read', async () => {
    const headers = { 'Content-Type': 'application/json; charset=utf-8' };
    const answer = await askApi(server, 'patch', ALICE, { as: 'alice', headers, body: '{"company":"Acme"}' });
    expect(answer.status).toBe(200);
  });

  it.each([
    ['{"company":', [{ field: 'body', message: 'is not valid JSON' }]],
    ['', [{ field: 'body', message: 'is not valid JSON' }]],
    ['{"company":"\\u0000"}', [{ field: 'body', message: 'must not contain NUL' }]],
    ['{"company":7}', [{ field: 'body.company', message: 'Invalid input: expected string, received number' }]],
    [
      '{"firm":"a","town":"b"}',
      [
        { field: 'body.firm', message: 'Unrecognized keys: "firm", "town"' },
        { field: 'body.town', message: 'Unrecognized keys: "firm", "town"' },
      ],
    ],
    ['[]', [{ field: 'body', message: 'Invalid input: expected object, received array' }]],
  ])('with the body %s is a 400 that lists the fields', async (body, errors) => {
    const answer = await askApi(server, 'patch', ALICE, { as: 'alice', body });
    expect([answer.status, answer.body]).toEqual([
      400,
      {
        type: 'about:blank',
        title: 'Bad Request',
        status: 400,
        code: 'invalid',
        detail: 'The body is not valid',
        request_id: answer.headers['x-request-id'],
        errors,
      },
    ]);
  });

  it.each([
    ['page=0', 'query.page'],
    ['page=two', 'query.page'],
    ['page=1&page=2', 'query.page'],
    ['page_size=101', 'query.page_size'],
    ['page_size=1.5', 'query.page_size'],
    ['is_admin=maybe', 'query.is_admin'],
    ['q=%00', 'query'],
  ])('with the query %s is a 400 that names the parameter', async (query, field) => {
    const answer = await askApi(server, 'get', `/api/v1.1/users/?${query}`, { as: 'root' });
    expect([answer.status, answer.body.detail]).toEqual([400, 'The query is not valid']);
    expect(answer.body.errors.map((error: { field: string }) => error.field)).toEqual([field]);
  });

  it.each(['/api/v1.1/search/?query=web', '/api/v1.1/plans/?pgae=2', '/api/v1.1/namespaces/alice/?a=1&b=2'])(
    'with a name that nobody reads in its query is a 400: %s',
    async (path) => {
      const { status, body } = await askApi(server, 'get', path, { as: 'alice' });
      const names = [...new URL(path, server.url).searchParams.keys()].map((name) => `query.${name}`);
      expect([status, body.errors.map(({ field }: { field: string }) => field)]).toEqual([400, names]);
    },
  );

  it('with more than 64 KiB is a 413', async () => {
    const body = { company: 'x'.repeat(70_000) };
    expect((await askApi(server, 'patch', ALICE, { as: 'alice', body })).status).toBe(413);
  });

  it('with NUL in the path is answered with 404', async () => {
    const answer = await request(server.server).get('/api/v1.1/users/al%00ice/').set('Authorization', basic('alice'));
    expect([answer.status, answer.type]).toEqual([404, 'application/problem+json']);
  });

  it('with a broken escape is a 400', async () => {
    const answer = await request(server.server).get('/api/v1.1/users/%zz/').set('Authorization', basic('alice'));
    expect([answer.status, answer.type, answer.body.code]).toEqual([400, 'application/problem+json', 'invalid']);
  });
});

describe('an unknown path or method', () => {
  it.each(['/api', '/api/v1.1/', '/api/v1.1/nothing/', '/api/v2/users/'])('%s is a 404', async (path) => {
    const answer = await request(server.server).get(path);
    expect([answer.status, answer.type, answer.body.code]).toEqual([404, 'application/problem+json', 'not_found']);
    expect(answer.body.request_id).toBe(answer.headers['x-request-id']);
  });

  it.each([
    ['put', ALICE, 'GET, HEAD, PATCH, DELETE, OPTIONS'],
    ['delete', '/api/v1.1/search', 'GET, HEAD, OPTIONS'],
    ['post', '/api/openapi.json', 'GET, HEAD, OPTIONS'],
  ] as const)('%s %s is a 405 that names the allowed methods', async (method, path, allow) => {
    const answer = await request(server.server)[method](path).set('Authorization', basic('alice'));
    expect([answer.status, answer.type, answer.headers['allow']]).toEqual([405, 'application/problem+json', allow]);
  });
});

describe('an answer', () => {
  it('is for its caller alone', async () => {
    const answer = await askApi(server, 'get', '/api/v1.1/users/alice/emails/', { as: 'alice' });
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store',
      vary: 'Authorization, Cookie',
      'x-content-type-options': 'nosniff',
      'content-type': 'application/json',
    });
  });

  it('to HEAD has the headers and no body', async () => {
    const get = await askApi(server, 'get', ALICE, { as: 'alice' });
    const head = await askApi(server, 'head', ALICE, { as: 'alice' });
    expect([head.status, head.headers['etag'], head.headers['content-length']]).toEqual([
      200,
      get.headers['etag'],
      get.headers['content-length'],
    ]);
    expect(head.text).toBeFalsy();
  });

  it('is 503 while the database is unavailable, and a 500 hides its cause', async () => {
    const other = await startTestServer();
    await addUser(other, 'alice');
    await other.ctx.db.raw('alter table emails rename to hidden');
    const broken = await askApi(other, 'get', '/api/v1.1/users/alice/emails/', { as: 'alice' });
    expect([broken.status, broken.body.detail]).toEqual([500, 'Internal server error']);
    await other.ctx.db.raw('alter table hidden rename to emails');
    await other.database.db.destroy();
    const away = await askApi(other, 'get', '/api/v1.1/search/');
    expect(away.status).toBe(503);
    other.ctx.db.initialize();
    await other.close();
  });

  it('links to the previous and next pages', async () => {
    for (const username of ['bob1', 'bob2', 'bob3']) await addUser(server, username);
    const query = { q: 'bob', page: 2, page_size: 1 };
    const { body } = await askApi(server, 'get', '/api/v1.1/users/', { as: 'root', query });
    const base = `http://${server.host}/api/v1.1/users/?q=bob`;
    expect(body).toMatchObject({
      count: 3,
      next: `${base}&page=3&page_size=1`,
      previous: `${base}&page=1&page_size=1`,
    });
    expect(body.results.map((user: { username: string }) => user.username)).toEqual(['bob2']);
    const far = await askApi(server, 'get', '/api/v1.1/users/', { as: 'root', query: { ...query, page: 9 } });
    expect(far.body).toMatchObject({ count: 3, next: null, previous: `${base}&page=3&page_size=1`, results: [] });
  });

  it('links under the public URL if there is one', async () => {
    const other = await startTestServer({ settings: { publicUrl: 'https://hub.example.com' } });
    await addUser(other, 'root', { isAdmin: true });
    await addUser(other, 'alice');
    const { body } = await askApi(other, 'get', '/api/v1.1/users/', { as: 'root', query: { page_size: 1 } });
    expect(body.next).toBe('https://hub.example.com/api/v1.1/users/?page_size=1&page=2');
    await other.close();
  });
});
