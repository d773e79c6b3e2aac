import request from 'supertest';
import { createChain, pushImages, startPull, startPush } from '../../helpers/images';
import { headerLines, rawRequest, sendRaw } from '../../helpers/raw-http';
import { CHALLENGE, addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

const DENIED = '"Access Denied: Not allowed to create Repo at given location"';
const ID = 'ab'.repeat(32);

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'robert');
  await addUser(server, 'sleeper', { isActive: false });
  await addUser(server, 'root', { isAdmin: true });
});
afterAll(() => server.close());

function put(path: string, body: unknown, authorization = basic('alice'), on = server): request.Test {
  return request(on.server)
    .put(`/v1/repositories/${path}`)
    .set('Authorization', authorization)
    .send(typeof body === 'string' ? body : JSON.stringify(body));
}

async function listOf(path: string): Promise<unknown> {
  const response = await request(server.server)
    .get(`/v1/repositories/${path}/images`)
    .set('Authorization', basic('root'));
  return response.body;
}

async function expectAnswer(test: request.Test, status: number, text: string): Promise<request.Response> {
  const response = await test;
  expect([response.status, response.text]).toEqual([status, text]);
  expect(response.headers['content-type']).toBe('application/json');
  return response;
}

describe('PUT /v1/repositories/R/', () => {
  it.each(['alice/fresh/', 'alice/fresh2'])(
    'creates %s, with a write token and one endpoint (E3, E5, E8)',
    async (path) => {
      const response = await expectAnswer(put(path, [{ id: ID, Tag: 'latest' }]), 200, '""');
      const token: string = response.headers['x-docker-token']!;
      const repository = path.replace(/\/$/, '');
      expect(token).toMatch(new RegExp(`^signature=[0-9a-f]+,repository="${repository}",access=write$`));
      expect(response.headers['www-authenticate']).toBe(`Token ${token}`);
      expect(response.headers['x-docker-endpoints']).toBe(server.host);
      expect(await listOf(repository)).toEqual([{ id: ID }]);
    },
  );

  it('needs no X-Docker-Token and no content type (E3, E24)', async () => {
    const answer = await sendRaw(
      server.port,
      rawRequest('PUT /v1/repositories/alice/bare/', [`Authorization: ${basic('alice')}`], '[]'),
    );
    expect(answer.head[0]).toBe('HTTP/1.1 200 OK');
    expect(headerLines(answer, 'X-Docker-Token')).toHaveLength(1);
    expect(headerLines(answer, 'X-Docker-Endpoints')).toEqual(['hub.test']);
  });

  it('keeps the order of the list, each image once, and only ever adds', async () => {
    const ids = ['ff', '00', 'aa', '11'].map((pair) => pair.repeat(32));
    const [first, second, third, fourth] = ids as [string, string, string, string];
    await put('alice/ordered/', [{ id: first }, { id: second, Tag: 'one' }, { id: second, Tag: 'two' }]).expect(200);
    await put('alice/ordered/', [{ id: fourth }, { id: third }, { id: first }]).expect(200);
    await put('alice/ordered/', []).expect(200);
    expect(await listOf('alice/ordered')).toEqual([{ id: first }, { id: second }, { id: fourth }, { id: third }]);
  });

  it('keeps a checksum if a later entry has none', async () => {
    const checksum = `tarsum+sha256:${'0'.repeat(64)}`;
    await put('alice/summed/', [{ id: ID, checksum }]).expect(200);
    await put('alice/summed/', [{ id: ID }]).expect(200);
    await put('alice/summed/', [{ id: ID, checksum: '' }]).expect(200);
    expect(await listOf('alice/summed')).toEqual([{ id: ID, checksum }]);
  });

  it('opens an existing repository again', async () => {
    const chain = createChain(2);
    await pushImages(server, 'alice/again', chain);
    await put('alice/again/', []).expect(200);
    expect(await listOf('alice/again')).toEqual(chain.map(({ id, payload }) => ({ id, checksum: payload })));
  });

  it('accepts ids of 16 hex digits, as docker 0.1 created them', async () => {
    await put('alice/short/', [{ id: '0123456789abcdef' }]).expect(200, '""');
  });

  it('lets only administrators write the library, whose token says library/', async () => {
    const response = await put('official/', [], basic('root')).expect(200);
    expect(response.headers['x-docker-token']).toContain(',repository="library/official",access=write');
    await expectAnswer(put('official/', []), 403, DENIED);
    await expectAnswer(put('library/another/', []), 403, DENIED);
  });

  it('creates one repository if the same push comes twice at the same time', async () => {
    const both = await Promise.all([put('alice/twice/', [{ id: ID }]), put('alice/twice/', [{ id: ID }])]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect(await listOf('alice/twice')).toEqual([{ id: ID }]);
  });

  it.each(['[{"id":', '', 'id=1'])('answers 400 to %j, which is not JSON', async (body) => {
    await expectAnswer(put('alice/bad/', body), 400, '{"error":"Error Decoding JSON"}');
  });

  it.each(['{}', '"x"', 'null', '[1]', '[null]', '[{}]', '[{"id":1}]', '[{"id":"XY"}]', `[{"id":"${ID}0"}]`])(
    'answers 400 to %s, which is not an image list',
    async (body) => {
      await expectAnswer(put('alice/bad/', body), 400, '{"error":"Invalid data"}');
    },
  );

  it('answers 400 to a checksum that cannot be stored', async () => {
    await expectAnswer(put('alice/bad/', [{ id: ID, checksum: 'a\u0000b' }]), 400, '{"error":"Invalid data"}');
    expect(await server.ctx.db('repositories').where({ name: 'bad' })).toEqual([]);
  });

  it('answers 413 in JSON to more than 16 MiB', async () => {
    const response = await put('alice/bad/', `[${' '.repeat(16 * 1024 * 1024)}]`);
    expect(response.status).toBe(413);
    expect(JSON.parse(response.text)).toEqual({ error: expect.any(String) });
  });

  it.each([
    ['no credentials', undefined],
    ['wrong ones', basic('alice', 'wrong')],
    ['an empty name and password', 'Basic Og=='],
    ['an empty token', 'Token '],
    ['another scheme', 'Bearer x'],
  ])('answers 401 with "" and the challenge to %s', async (_, authorization) => {
    const asked = request(server.server).put('/v1/repositories/alice/app/').set('X-Docker-Token', 'true').send([]);
    const response = await (authorization === undefined ? asked : asked.set('Authorization', authorization));
    expect([response.status, response.text]).toEqual([401, '""']);
    expect(response.headers['www-authenticate']).toBe(CHALLENGE);
    expect(response.headers).not.toHaveProperty('x-docker-token');
  });

  it('answers 401 to every token, because none opens a push', async () => {
    const write = await startPush(server, 'alice/tokens', []);
    const read = await startPull(server, 'alice/tokens');
    for (const token of [write, read]) await expectAnswer(put('alice/tokens/', [], token), 401, '""');
  });

  it('answers 403 to an inactive account', async () => {
    await expectAnswer(put('sleeper/app/', [], basic('sleeper')), 403, '"Account is not Active"');
  });

  it("answers 403 for another user's namespace, or an unknown one", async () => {
    await expectAnswer(put('robert/app/', []), 403, DENIED);
    await expectAnswer(put('nobody/app/', []), 403, DENIED);
    await expectAnswer(put('nobody/app/', [], basic('root')), 403, DENIED);
  });

  it('refuses a user who may not push before the body is read', async () => {
    await expectAnswer(put('robert/app/', 'no json'), 403, DENIED);
  });

  it('answers 403 for a repository that is being deleted, without disclosing that to other users', async () => {
    await put('alice/going/', []).expect(200);
    await server.ctx.db('repositories').where({ name: 'going' }).update({ visibility: 'private' });
    await request(server.server).delete('/v1/repositories/alice/going/').set('Authorization', basic('alice'));
    await expectAnswer(put('alice/going/', []), 403, '"Repository is being deleted"');
    await expectAnswer(put('alice/going/', [], basic('robert')), 403, DENIED);
  });
});

describe('X-Docker-Endpoints', () => {
  it('has one line for each configured registry, also for docker/0.10.0 (E7)', async () => {
    const registryEndpoints = ['registry-1.example.com', 'registry-2.example.com:5000'];
    const hub = await startTestServer({ settings: { registryEndpoints } });
    await addUser(hub, 'alice');
    const headers = [`Authorization: ${basic('alice')}`, 'User-Agent: docker/0.10.0', 'X-Docker-Token: true'];
    for (const line of ['PUT /v1/repositories/alice/app/', 'PUT /v1/repositories/alice/app/images']) {
      const answer = await sendRaw(hub.port, rawRequest(line, headers, '[]'));
      expect(headerLines(answer, 'X-Docker-Endpoints')).toEqual(registryEndpoints);
    }
    const pull = await sendRaw(hub.port, rawRequest('GET /v1/repositories/alice/app/images', headers));
    expect(headerLines(pull, 'X-Docker-Endpoints')).toEqual(registryEndpoints);
    await hub.close();
  });
});

describe('PUT /v1/repositories/R/ with hub limits', () => {
  let hub: TestServer;
  beforeAll(async () => {
    hub = await startTestServer({ settings: { hubLimits: true } });
    await addUser(hub, 'alice');
  });
  afterAll(() => hub.close());

  it.each(['ab', 'a'.repeat(31)])(
    'answers 404 to %s in the words of the Hub, because no repository can have the name',
    async (name) => {
      const response = await put(`alice/${name}/`, [], basic('alice'), hub);
      expect(response.status).toBe(404);
      expect(response.body).toEqual({
        status_code: '404',
        error:
          `The requested URL (/v1/repositories/alice/${name}/) was not found on this server. ` +
          `No repository can have the name alice/${name}: a name has 3 to 30 characters.`,
      });
    },
  );

  it.each(['abc', 'a'.repeat(30)])('accepts the name %s', async (name) => {
    await put(`alice/${name}/`, [], basic('alice'), hub).expect(200);
  });

  it('keeps a repository from before the limits', async () => {
    await hub.ctx.db('repositories').insert({ namespace: 'alice', name: 'ab' });
    await put('alice/ab/', [], basic('alice'), hub).expect(200);
  });
});
