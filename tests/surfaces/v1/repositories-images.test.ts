import request from 'supertest';
import { createChain, pushImages, startPull, startPush } from '../../helpers/images';
import { headerLines, rawRequest, sendRaw } from '../../helpers/raw-http';
import { CHALLENGE, addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

const MISSING = '{"error":"images not found"}';
const ID = 'cd'.repeat(32);
const chain = createChain(3);
const FULL_LIST = chain.map(({ id, payload }) => ({ id, checksum: payload }));

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'robert');
  await addUser(server, 'sleeper', { isActive: false });
  await pushImages(server, 'alice/app', chain);
  await pushImages(server, 'alice/hidden', createChain(1));
  await server.ctx.db('repositories').where({ name: 'hidden' }).update({ visibility: 'private' });
});
afterAll(() => server.close());

function call(
  method: 'get' | 'put',
  repository: string,
  options: { authorization?: string | undefined; wantsToken?: boolean } = {},
): request.Test {
  const test = request(server.server)[method](`/v1/repositories/${repository}/images`);
  if (options.authorization !== undefined) void test.set('Authorization', options.authorization);
  if (options.wantsToken === true) void test.set('X-Docker-Token', 'true');
  return test;
}

async function expectAnswer(test: request.Test, status: number, text: string): Promise<void> {
  const response = await test;
  expect([response.status, response.text]).toEqual([status, text]);
  if (status === 401) expect(response.headers['www-authenticate']).toBe(CHALLENGE);
  expect(response.headers).not.toHaveProperty('x-docker-token');
}

describe('GET /v1/repositories/R/images', () => {
  it.each([undefined, basic('alice'), basic('robert'), 'Basic Og==', 'Token '])(
    'opens a pull of a public repository for %j (E23)',
    async (authorization) => {
      const response = await call('get', 'alice/app', { authorization, wantsToken: true }).expect(200);
      expect(response.body).toEqual(FULL_LIST);
      const token: string = response.headers['x-docker-token']!;
      expect(token).toMatch(/^signature=[0-9a-f]+,repository="alice\/app",access=read$/);
      expect(response.headers['www-authenticate']).toBe(`Token ${token}`);
      expect(response.headers['x-docker-endpoints']).toBe(server.host);
    },
  );

  it('sends endpoints, but no token to a client that does not ask for one (E6)', async () => {
    const response = await call('get', 'alice/app', { authorization: basic('alice') }).expect(200);
    expect(response.headers).not.toHaveProperty('x-docker-token');
    expect(response.headers).not.toHaveProperty('www-authenticate');
    expect(response.headers['x-docker-endpoints']).toBe(server.host);
  });

  it('has no tags, and lists an announced image without a checksum', async () => {
    await startPush(server, 'alice/announced', []);
    await request(server.server)
      .put('/v1/repositories/alice/announced/')
      .set('Authorization', basic('alice'))
      .send([{ id: ID, Tag: 'latest' }]);
    await call('get', 'alice/announced').expect(200, `[{"id":"${ID}"}]`);
  });

  it('verifies a write token during a push, and a read token, repeatedly', async () => {
    const write = await startPush(server, 'alice/verified', chain);
    const read = await startPull(server, 'alice/verified');
    for (const authorization of [write, read, write, read]) {
      const response = await call('get', 'alice/verified', { authorization, wantsToken: true }).expect(200);
      expect(response.body).toEqual(chain.map(({ id }) => ({ id })));
      expect(response.headers).not.toHaveProperty('x-docker-token');
    }
  });

  it('verifies a delete token, also during the deletion of the repository', async () => {
    await startPush(server, 'alice/leaving', chain);
    const owner = { authorization: basic('alice') };
    const remove = await request(server.server)
      .delete('/v1/repositories/alice/leaving/')
      .set('Authorization', basic('alice'));
    const authorization = `Token ${remove.headers['x-docker-token']}`;
    const response = await call('get', 'alice/leaving', { authorization }).expect(200);
    expect(response.body).toEqual(chain.map(({ id }) => ({ id })));
    await expectAnswer(call('get', 'alice/leaving', owner), 404, MISSING);
    await expectAnswer(call('get', 'alice/leaving'), 404, MISSING);
  });

  it('is readable for the owner of a private repository, and for their tokens', async () => {
    const token = await startPull(server, 'alice/hidden', 'alice');
    await call('get', 'alice/hidden', { authorization: token }).expect(200);
  });

  it('answers 401 to wrong credentials, even for a public repository', async () => {
    await expectAnswer(call('get', 'alice/app', { authorization: basic('alice', 'wrong') }), 401, '""');
    await expectAnswer(call('get', 'alice/app', { authorization: basic('nobody') }), 401, '""');
  });

  it('answers 401 to a token for another repository, and to a forged one', async () => {
    const token = await startPull(server, 'alice/app', 'alice');
    await expectAnswer(call('get', 'alice/hidden', { authorization: token }), 401, '""');
    const forged = 'Token signature=123abc,repository="alice/app",access=read';
    await expectAnswer(call('get', 'alice/app', { authorization: forged }), 401, '""');
  });

  it('answers 403 to an inactive account, even for a public repository', async () => {
    await expectAnswer(call('get', 'alice/app', { authorization: basic('sleeper') }), 403, '"Account is not Active"');
  });

  it('answers 401 for a private repository to an anonymous caller, and 404 to other users', async () => {
    await expectAnswer(call('get', 'alice/hidden', { wantsToken: true }), 401, '""');
    await expectAnswer(call('get', 'alice/hidden', { authorization: basic('robert') }), 404, MISSING);
  });

  it('answers 404 for an unknown repository', async () => {
    await expectAnswer(call('get', 'alice/nothing'), 404, MISSING);
    await expectAnswer(call('get', 'alice/nothing', { authorization: basic('alice') }), 404, MISSING);
    await expectAnswer(call('get', 'nobody/nothing', { wantsToken: true }), 404, MISSING);
  });

  it('refuses a token once the right to read has ended', async () => {
    await startPush(server, 'alice/closing', chain);
    const stranger = await startPull(server, 'alice/closing', 'robert');
    const anonymous = await startPull(server, 'alice/closing');
    await server.ctx.db('repositories').where({ name: 'closing' }).update({ visibility: 'private' });
    await expectAnswer(call('get', 'alice/closing', { authorization: stranger }), 404, MISSING);
    await expectAnswer(call('get', 'alice/closing', { authorization: anonymous }), 401, '""');
  });
});

describe('PUT /v1/repositories/R/images', () => {
  const stateOf = async (name: string): Promise<unknown> => {
    const row: { state: string } | undefined = await server.ctx.db('repositories').where({ name }).first('state');
    return row?.state;
  };

  it('finishes a push for [] with exactly 204, and removes nothing (E9)', async () => {
    await startPush(server, 'alice/finished', chain);
    expect(await stateOf('finished')).toBe('initialized');
    const headers = [
      `Authorization: ${basic('alice')}`,
      'X-Docker-Token: true',
      'X-Docker-Endpoints: http://hub.test/v1/',
    ];
    const answer = await sendRaw(server.port, rawRequest('PUT /v1/repositories/alice/finished/images', headers, '[]'));
    expect(answer.head[0]).toBe('HTTP/1.1 204 No Content');
    expect(answer.body).toBe('');
    expect(headerLines(answer, 'X-Docker-Token')[0]).toMatch(/repository="alice\/finished",access=write$/);
    expect(headerLines(answer, 'X-Docker-Endpoints')).toEqual(['hub.test']);
    expect(await stateOf('finished')).toBe('active');
    const list = await call('get', 'alice/finished').expect(200);
    expect(list.body).toEqual(chain.map(({ id }) => ({ id })));
  });

  it('merges a list with checksums, as docker up to 0.7 sends it', async () => {
    await startPush(server, 'alice/merged', [chain[0]!]);
    const checksum = `tarsum+sha256:${'1'.repeat(64)}`;
    await call('put', 'alice/merged', { authorization: basic('alice'), wantsToken: true })
      .send([
        { id: chain[0]!.id, checksum, Tag: 'latest' },
        { id: chain[1]!.id, checksum: '' },
      ])
      .expect(204);
    const list = await call('get', 'alice/merged');
    expect(list.body).toEqual([{ id: chain[0]!.id, checksum }, { id: chain[1]!.id }]);
  });

  it("accepts the push's token instead of Basic, and returns no other for it", async () => {
    const authorization = await startPush(server, 'alice/bytoken', []);
    const response = await call('put', 'alice/bytoken', { authorization, wantsToken: true }).send('[]').expect(204);
    expect(response.headers).not.toHaveProperty('x-docker-token');
    expect(response.headers['x-docker-endpoints']).toBe(server.host);
  });

  it.each([
    ['[', 'Error Decoding JSON'],
    ['', 'Error Decoding JSON'],
    ['{}', 'Invalid data'],
    ['[{"id":"x"}]', 'Invalid data'],
  ])('%j is a 400: %s', async (body, error) => {
    await expectAnswer(
      call('put', 'alice/app', { authorization: basic('alice') }).send(body),
      400,
      JSON.stringify({ error }),
    );
  });

  it('answers 401 to anonymous callers, wrong credentials and a read token', async () => {
    const read = await startPull(server, 'alice/app', 'alice');
    for (const authorization of [undefined, 'Basic Og==', basic('alice', 'wrong'), read]) {
      await expectAnswer(call('put', 'alice/app', { authorization }).send('[]'), 401, '""');
    }
  });

  it('answers 403 to an inactive account and to another user', async () => {
    await expectAnswer(
      call('put', 'alice/app', { authorization: basic('sleeper') }).send('[]'),
      403,
      '"Account is not Active"',
    );
    await expectAnswer(call('put', 'alice/app', { authorization: basic('robert') }).send('[]'), 403, '"Access denied"');
  });

  it('answers 404 for an unknown repository, and to another user for a private one', async () => {
    await expectAnswer(call('put', 'alice/nothing', { authorization: basic('alice') }).send('[]'), 404, MISSING);
    await expectAnswer(call('put', 'alice/hidden', { authorization: basic('robert') }).send('[]'), 404, MISSING);
  });
});
