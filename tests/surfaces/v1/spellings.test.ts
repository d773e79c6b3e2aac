import { sendRaw, rawRequest } from '../../helpers/raw-http';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

/*
 * Other spellings of a path: a base URL that ends with a slash, and an encoded slash in a name. They are accepted if
 * they have only one meaning. The tests send paths exactly as they are written here, because clients would normalize
 * them.
 */

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'robert']) await addUser(server, name);
  for (const name of ['app', 'secret']) {
    expect(await ask('PUT', `/v1/repositories/alice/${name}/`, 'alice', '[]')).toEqual([200, '']);
  }
  const hidden = { namespace: 'alice', name: 'secret' };
  await server.ctx.db('repositories').where(hidden).update({ visibility: 'private' });
});
afterAll(() => server.close());

async function ask(method: string, path: string, user?: string, body = ''): Promise<[number, unknown]> {
  const credentials = user === undefined ? [] : [`Authorization: ${basic(user)}`];
  const answer = await sendRaw(server.port, rawRequest(`${method} ${path}`, credentials, body));
  return [Number(answer.head[0]?.split(' ')[1]), answer.body === '' ? '' : JSON.parse(answer.body)];
}

describe('a second slash before v1', () => {
  it.each(['//v1/_ping', '///v1/_ping', '//_ping'])('%s is the ping', async (path) => {
    expect(await ask('GET', path)).toEqual([200, true]);
  });

  it('does not matter for a push, nor for a search', async () => {
    expect(await ask('PUT', '//v1/repositories/alice/two/', 'alice', '[]')).toEqual([200, '']);
    expect(await ask('GET', '//v1/repositories/alice/two/images', 'alice')).toEqual([200, []]);
    expect(await ask('GET', '//v1/search?q=//v1/')).toMatchObject([200, { query: '//v1/' }]);
  });

  it('gives access to nothing that is closed', async () => {
    expect((await ask('GET', '//v1/repositories/alice/secret/images'))[0]).toBe(401);
    expect((await ask('GET', '//v1/repositories/alice/secret/images', 'robert'))[0]).toBe(404);
  });

  it.each([
    '//metrics',
    '//healthz',
    '//api/v1.1/search/',
    '//admin/',
    '//v1',
    '/v1//_ping',
    '//v1//_ping',
    '//x/v1/_ping',
  ])('%s does not exist: proxies keep clients away from paths by their spelling', async (path) => {
    const answer = await sendRaw(server.port, rawRequest(`GET ${path}`));
    expect(answer.head[0]).toBe('HTTP/1.1 404 Not Found');
  });
});

describe('an encoded slash in a name', () => {
  it.each(['alice%2Fapp', 'alice%2fapp'])('%s is alice/app', async (name) => {
    expect(await ask('GET', `/v1/repositories/${name}/images`, 'alice')).toEqual([200, []]);
    expect(await ask('GET', `/v1/repositories/${name}/tags`, 'alice')).toEqual([200, {}]);
    expect(await ask('PUT', `/v1/repositories/${name}/`, 'alice', '[]')).toEqual([200, '']);
  });

  it('a token for one repository is accepted for it in this spelling, and for no other', async () => {
    const request = rawRequest('PUT /v1/repositories/alice%2Fapp/', [`Authorization: ${basic('alice')}`], '[]');
    const opened = await sendRaw(server.port, request);
    const token = opened.head.find((line) => line.startsWith('X-Docker-Token: '))?.slice('X-Docker-Token: '.length);
    expect(token).toContain('repository="alice/app"');
    const statusOf = async (name: string): Promise<string | undefined> => {
      const path = `/v1/repositories/${name}/images`;
      return (await sendRaw(server.port, rawRequest(`GET ${path}`, [`Authorization: Token ${token}`]))).head[0];
    };
    expect(await statusOf('alice%2Fapp')).toBe('HTTP/1.1 200 OK');
    expect(await statusOf('alice%2Fsecret')).toBe('HTTP/1.1 401 Unauthorized');
  });

  it('hides private repositories as usual', async () => {
    expect((await ask('GET', '/v1/repositories/alice%2Fsecret/images'))[0]).toBe(401);
    expect((await ask('GET', '/v1/repositories/alice%2Fsecret/images', 'robert'))[0]).toBe(404);
    expect(await ask('GET', '/v1/repositories/alice%2Fsecret/images', 'alice')).toEqual([200, []]);
    expect((await ask('DELETE', '/v1/repositories/alice%2Fapp/', 'robert'))[0]).toBe(403);
  });

  it.each([
    'alice%2F..%2Fapp',
    '..%2Fapp',
    'alice%2F..',
    '%2Fapp',
    'alice%2F',
    'alice%2F%2Fapp',
    'alice%252Fapp',
    'alice%5Capp',
    'alice%2Fapp%00',
    'alice%2Fapp%2Ftags',
    'alice%2Fimages',
    'alice%2Fapp%3Fx',
    'ALICE%2Fapp',
    'alice/robert%2Fapp',
    'alice%2Frobert/app',
    '%61lice%2Fapp/..%2Fsecret',
  ])('%s cannot be a repository', async (name) => {
    const [status, body] = await ask('GET', `/v1/repositories/${name}/images`, 'alice');
    expect([status, body]).toEqual([404, expect.objectContaining({ status_code: '404' })]);
    expect((await ask('PUT', `/v1/repositories/${name}/`, 'alice', '[]'))[0]).not.toBe(200);
  });
});
