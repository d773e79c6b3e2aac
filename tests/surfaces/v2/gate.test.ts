import request from 'supertest';
import { startTestServer, type TestServer } from '../../helpers/test-server';

const PATHS = ['/v2', '/v2/', '/v2/?a=b', '/v2/token', '/v2/alice/app/manifests/latest', '/v2/%zz'];

/** Sends this User-Agent; undefined: none. */
async function ask(server: TestServer, path: string, agent: string | undefined) {
  const { status, text, headers } = await request(server.server)
    .get(path)
    .set('User-Agent', agent ?? '');
  return { status, text, type: headers['content-type'], version: headers['docker-distribution-api-version'] };
}

const HIDDEN = { status: 404, text: '404 page not found\n', type: 'text/plain', version: undefined };

describe('by default', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it.each([
    'docker/0.6.7',
    'docker/1.5.0 go/go1.4',
    'docker/1.9.1 go/go1.4 git-commit/a34a1d5 kernel/4.4 os/linux arch/amd64',
    'docker/1.10.3',
    'docker/1.13.1 go/go1.7',
    'docker/17.03.2-ce',
    'docker/17.05.0-ce go/go1.7 UpstreamClient(Docker-Client/17.05.0-ce \\(linux\\))',
    'docker/17.00',
  ])('hides v2 from %s (E27)', async (agent) => {
    for (const path of PATHS) expect(await ask(server, path, agent)).toEqual(HIDDEN);
    const post = await request(server.server).post('/v2/alice/app/blobs/uploads/').set('User-Agent', agent);
    expect([post.status, post.text]).toEqual([404, '404 page not found\n']);
  });

  it.each([
    undefined,
    'docker/17.06.0-ce go/go1.8',
    'docker/17.12.1-ce',
    'docker/18.09.9',
    'docker/20.10.24+dfsg1 go/go1.19',
    'docker/28.5.1 go/go1.24',
    'docker/170.1',
    'docker/12345.1',
    'docker/',
    'docker/dev',
    'docker/unknown-version go/go1.20',
    'notdocker/1.9',
    'Docker-Client/1.9.1 (linux)',
    'containers/5.39.2 (github.com/containers/image)',
    'containerd/2.1.9',
    'buildkit/v0.0-dev',
    'Go-http-client/1.1',
    'Go 1.1 package http',
  ])('asks %s for a login, without the header that would take an old engine from v1 (E27)', async (agent) => {
    const { status, type, version } = await ask(server, '/v2/', agent);
    expect([status, type, version]).toEqual([401, 'application/json', undefined]);
  });

  it('does not hide paths that only begin like /v2', async () => {
    expect(await ask(server, '/v2x', undefined)).toEqual(HIDDEN);
  });
});

describe('with DRYDOCK_V2_ENGINES=1.10', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ settings: { v2Engines: { major: 1, minor: 10 } } });
  });
  afterAll(() => server.close());

  it.each(['docker/1.10.0', 'docker/1.13.1', 'docker/17.05.0-ce'])('shows v2 to %s', async (agent) => {
    expect((await ask(server, '/v2/', agent)).status).toBe(401);
  });

  it.each(['docker/0.12.0', 'docker/1.9.1', 'docker/1.2.0'])('hides v2 from %s', async (agent) => {
    expect(await ask(server, '/v2/', agent)).toEqual(HIDDEN);
  });
});

describe('with DRYDOCK_V2_ENGINES=off', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ settings: { v2Engines: 'off' } });
  });
  afterAll(() => server.close());

  it('answers an old engine with the text that sends it to v1', async () => {
    expect(await ask(server, '/v2/', 'docker/1.13.1')).toEqual(HIDDEN);
  });

  it.each([
    'docker/17.06.0-ce go/go1.8',
    'docker/28.5.1 go/go1.24',
    'containerd/2.0',
    'Go-http-client/1.1',
    'docker/170.1',
  ])('answers %s with an error of v2 that it can read and show', async (agent) => {
    for (const path of ['/v2', '/v2/', '/v2/token', '/v2/alice/app/manifests/latest']) {
      const { status, text, type, version } = await ask(server, path, agent);
      const message = expect.stringContaining('speaks the v1 protocol of docker only');
      expect([status, type, version]).toEqual([404, 'application/json', undefined]);
      expect(JSON.parse(text)).toEqual({ errors: [{ code: 'NAME_UNKNOWN', message, detail: null }] });
    }
  });
});
