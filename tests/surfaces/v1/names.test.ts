import request from 'supertest';
import type { Context } from '../../../src/context';
import { v1Routes } from '../../../src/surfaces/v1/routes';
import { createChain, pushImages } from '../../helpers/images';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

const chain = createChain(2);
const tip = chain[1]!.id;
const SPELLINGS = ['tool', 'library/tool'];

const CHARACTERS = 'a name has lower-case letters, digits, ".", "_" and "-", and begins with a letter or a digit';
const NAMESPACE = 'it has 2 to 255 lowercase letters, digits and "_", with single "-" between them';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'root', { isAdmin: true });
  await pushImages(server, 'tool', chain, { user: 'root' });
});
afterAll(() => server.close());

function send(method: string, path: string, body: string | undefined, authorization = basic('root')): request.Test {
  const verb = method as 'get' | 'put' | 'delete';
  const test = request(server.server)[verb](path).set('Authorization', authorization);
  return body === undefined ? test : test.send(body);
}

/**
 * The answer of every row below a repository to an administrator, in an order that keeps the repository until the end.
 */
const EVERY_ROUTE: Record<string, { body?: string; status: number }> = {
  'get /images': { status: 200 },
  'get /tags': { status: 200 },
  'get /tags/:tag': { status: 200 },
  'get /tags/:tag/json': { status: 200 },
  'get /json': { status: 200 },
  'get /properties': { status: 200 },
  'get /layer/:imageId/access': { status: 200 },
  'put ': { body: JSON.stringify([{ id: tip }]), status: 200 },
  'put /images': { body: '[]', status: 204 },
  'put /properties': { body: '{"access":"public"}', status: 200 },
  'put /tags/:tag': { body: JSON.stringify(tip), status: 200 },
  'put /auth': { status: 401 },
  'delete /images': { status: 204 },
  'delete /tags/:tag': { status: 200 },
  'delete /tags': { status: 200 },
  'delete ': { status: 202 },
};

async function pushAgain(): Promise<void> {
  await server.ctx.db('repositories').where({ name: 'tool' }).delete();
  await pushImages(server, 'tool', chain, { user: 'root' });
}

const PREFIX = '/v1/repositories/:repository';

function routeKeys(): string[] {
  return v1Routes({} as Context)
    .filter(({ path }) => path === PREFIX || path.startsWith(`${PREFIX}/`))
    .map(({ method, path }) => `${method} ${path.slice(PREFIX.length)}`);
}

describe('foo, foo/, library/foo and library/foo/', () => {
  it('are tested with every route', () => {
    expect(Object.keys(EVERY_ROUTE).sort()).toEqual(routeKeys().sort());
  });

  it.each(Object.entries(EVERY_ROUTE))('are one repository on %s', async (key, { body, status }) => {
    const [method = '', suffix = ''] = key.split(' ');
    const path = suffix.replace(':imageId', tip).replace(':tag', 'latest');
    const answers: { status: number; text: string }[] = [];
    for (const repository of SPELLINGS) {
      for (const slash of ['', '/']) {
        if (method === 'delete') await pushAgain();
        const response = await send(method, `/v1/repositories/${repository}${path}${slash}`, body);
        answers.push({ status: response.status, text: response.text });
      }
    }
    expect(answers.map((answer) => answer.status)).toEqual([status, status, status, status]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });

  it('share their tokens', async () => {
    await pushImages(server, 'both', chain, { user: 'root' });
    const opening = await request(server.server).get('/v1/repositories/both/images').set('X-Docker-Token', 'true');
    expect(opening.headers['x-docker-token']).toContain(',repository="library/both",access=read');
    const token = `Token ${opening.headers['x-docker-token']}`;
    for (const path of ['both/tags', 'library/both/tags', 'both/tags/latest', 'library/both/tags/latest/']) {
      await send('get', `/v1/repositories/${path}`, undefined, token).expect(200);
    }
  });

  it('foo/images is the list of foo and never a repository of that name', async () => {
    await send('put', '/v1/repositories/nothere/images', '[]').expect(404, '{"error":"images not found"}');
    expect(await server.ctx.db('repositories').where({ name: 'images' })).toEqual([]);
  });
});

describe('paths that no repository can have', () => {
  const NAMES = [
    'alice/a/b/',
    'alice/a/b/c/d/e/',
    'library/alice/app/',
    'alice/UPPER/',
    'alice/_x/',
    'alice/.hidden/',
    'alice/-dash/',
    'alice/has%20space/',
    'alice/has%2Fslash/',
    'a/app/',
    'Alice/app/',
    '-alice/app/',
    'al--ice/app/',
    'al.ice/app/',
    'alice/n%00ul/',
    `alice/${'a'.repeat(256)}/`,
    'images/',
    'tags/',
    'auth/',
    'json/',
    'properties/',
    'layer/',
    'alice/tags/',
    'alice/json/',
    'alice/layer/',
    'alice//app/',
  ];

  it.each(NAMES)('PUT /v1/repositories/%s is a 404 in the words of the Hub', async (name) => {
    const response = await send('put', `/v1/repositories/${name}`, '[]');
    expect(response.status).toBe(404);
    expect(response.body).toEqual({ status_code: '404', error: expect.any(String) });
    const text = `The requested URL (/v1/repositories/${name}) was not found on this server.`;
    const { error } = response.body as { error: string };
    expect(error.slice(0, text.length)).toBe(text);
    expect(error.slice(text.length)).toMatch(/^( No repository can have the name [^]+: [^]+\.)?$/);
    expect(response.headers['content-type']).toBe('application/json');
  });

  it.each(['get', 'put', 'delete'])("%s of a nested name's images is a 404 too", async (method) => {
    const response = await send(method, '/v1/repositories/alice/a/b/images', method === 'put' ? '[]' : undefined);
    expect(response.status).toBe(404);
    expect(response.body.status_code).toBe('404');
  });

  it('none of them was created', async () => {
    expect(await server.ctx.db('repositories').where({ namespace: 'alice' })).toEqual([]);
  });

  it.each([
    ['alice/UPPER/', `alice/UPPER: ${CHARACTERS}`],
    ['alice/-dash/', `alice/-dash: ${CHARACTERS}`],
    [`alice/${'a'.repeat(256)}/`, `alice/${'a'.repeat(256)}: a name has 1 to 255 characters`],
    ['my--team/app/', `my--team/app: "my--team" cannot be a namespace, ${NAMESPACE}`],
    ['alice/a/b/', 'alice/a/b: it has more than one "/"'],
    ['alice/images/', 'alice/images: "images" is reserved'],
    ['alice/auth/', 'alice/auth: "auth" is reserved'],
    ['alice/properties/', 'alice/properties: "properties" is reserved'],
    ['alice/tags/', 'alice/tags: "tags" is reserved'],
    ['alice/json/', 'alice/json: "json" is reserved'],
    ['alice/layer/', 'alice/layer: "layer" is reserved'],
  ])('a push of %s learns that the name is the reason', async (name, why) => {
    const response = await send('put', `/v1/repositories/${name}`, '[]', basic('alice'));
    expect([response.status, response.body]).toEqual([
      404,
      {
        status_code: '404',
        error: `The requested URL (/v1/repositories/${name}) was not found on this server. No repository can have the name ${why}.`,
      },
    ]);
  });

  it.each(['get', 'put'])('%s of their images says so too', async (method) => {
    const response = await send(method, '/v1/repositories/alice/images/images', method === 'put' ? '[]' : undefined);
    expect(response.status).toBe(404);
    expect(response.body.error).toContain('No repository can have the name alice/images: "images" is reserved.');
  });

  it('the paths of an existing library repository are its own, with or without a slash', async () => {
    await pushImages(server, 'alice', chain, { user: 'root' });
    await send('put', '/v1/repositories/alice/images/', '[]').expect(204);
    await send('put', '/v1/repositories/alice/images', '[]', basic('alice')).expect(403, '"Access denied"');
  });

  it.each(['my-team/app', 'fg/gitlab', 'a-b-c/x'])('%s is a valid name, also for an organization', async (name) => {
    const [namespace = ''] = name.split('/');
    const made = await request(server.server)
      .post('/api/v1.1/orgs/')
      .set('Authorization', basic('alice'))
      .send({ name: namespace });
    expect(made.status).toBe(201);
    await pushImages(server, name, createChain(1));
    await request(server.server).get(`/v1/repositories/${name}/images`).expect(200);
  });

  it("the refusal of an organization's name does not mention usernames", async () => {
    const made = await request(server.server)
      .post('/api/v1.1/orgs/')
      .set('Authorization', basic('alice'))
      .send({ name: 'My Team' });
    expect([made.status, made.body.detail]).toEqual([400, `My Team is not a valid organization name: ${NAMESPACE}`]);
  });

  it.each(['x', 'ab', 'a'.repeat(255), '0a', 'a.b_c-d', 'a..b'])('alice/%s is a valid name', async (name) => {
    await send('put', `/v1/repositories/alice/${name}/`, '[]', basic('alice')).expect(200);
  });
});
