import request from 'supertest';
import { ENDPOINTS } from '../../src/surfaces/api/endpoints';
import { v1Routes } from '../../src/surfaces/v1/routes';
import { v2Routes } from '../../src/surfaces/v2/routes';
import { rawRequest, headerLines, sendRaw } from '../helpers/raw-http';
import { addUser, basic, startTestServer, type TestServer } from '../helpers/test-server';

/*
 * OPTIONS: HAProxy's `option httpchk` sends `OPTIONS /` to check the health of a server, and browsers send it before a
 * page of another origin may send more than a simple request.
 */

const UI = 'https://ui.example.com';
const EVIL = 'https://evil.example.com';

let server: TestServer;
let shared: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  shared = await startTestServer({ settings: { corsOrigins: new Set([UI]) } });
  for (const each of [server, shared]) await addUser(each, 'alice');
});
afterAll(async () => {
  await server.close();
  await shared.close();
});

/** A path that matches the pattern of a row. */
function example(pattern: string): string {
  return pattern.replace(/:[a-zA-Z]+/g, 'name');
}

describe('OPTIONS', () => {
  it('is answered with 204 and Allow on every path of v1, v2 and the API, without credentials', async () => {
    const paths = new Map<string, Set<string>>();
    for (const { method, path } of [...v1Routes(server.ctx), ...v2Routes(server.ctx), ...ENDPOINTS]) {
      paths.set(path, (paths.get(path) ?? new Set()).add(method.toUpperCase()));
    }
    expect(paths.size).toBeGreaterThan(100);
    for (const [path, methods] of paths) {
      const { status, text, headers } = await request(server.server).options(example(path));
      const allowed = headers['allow']?.split(', ') ?? [];
      expect([path, status, text]).toEqual([path, 204, '']);
      expect(allowed).toEqual(expect.arrayContaining(['OPTIONS']));
      // A path may match two patterns: `/v1/repositories/name/tags` is the tags of `library/name`.
      if (!path.startsWith('/v1/repositories/:namespace'))
        expect(allowed).toEqual(expect.arrayContaining([...methods]));
    }
  });

  it.each(['/', '/healthz', '/metrics', '/explore/', '/account/login/', '/u/a/b/hook/c'])(
    '%s answers it',
    async (path) => {
      const { status, headers } = await request(server.server).options(path);
      expect([status, headers['allow']]).toEqual([204, expect.stringMatching(/OPTIONS$/)]);
    },
  );

  it.each(['/v1/nothing', '/api/v1.1/nothing/', '/nowhere/at/all', '/v2/nothing'])('is a 404 on %s', async (path) => {
    expect((await request(server.server).options(path)).status).toBe(404);
  });

  it('of the server as a whole names every method', async () => {
    const answer = await sendRaw(server.port, rawRequest('OPTIONS *'));
    expect(answer.head[0]).toBe('HTTP/1.1 204 No Content');
    expect(headerLines(answer, 'Allow')).toEqual(['GET, HEAD, PUT, POST, PATCH, DELETE, OPTIONS']);
  });

  it('is answered to HAProxy, which sends HTTP/1.0 without a host', async () => {
    const answer = await sendRaw(server.port, 'OPTIONS / HTTP/1.0\r\n\r\n');
    expect(answer.head[0]).toBe('HTTP/1.1 204 No Content');
  });
});

function crossOriginHeaders(headers: Record<string, string>): string[] {
  return Object.keys(headers).filter((name) => name.startsWith('access-control-'));
}

describe('pages of other origins', () => {
  const LOGIN = { Authorization: basic('alice') };
  const PREFLIGHT = { 'Access-Control-Request-Method': 'PUT', 'Access-Control-Request-Headers': 'authorization' };

  it('may read nothing if the operator names none', async () => {
    for (const path of ['/v1/_ping', '/v1/search', '/api/v1.1/search/']) {
      const read = await request(server.server).get(path).set({ Origin: UI });
      const asked = await request(server.server)
        .options(path)
        .set({ Origin: UI, ...PREFLIGHT });
      expect([read, asked].flatMap(({ headers }) => crossOriginHeaders(headers))).toEqual([]);
    }
  });

  it.each([
    '/v1/_ping',
    '/v1/search?q=',
    '/api/v1.1/search/',
    '/api/openapi.json',
    '/v1/images/x/json',
    '/api/nothing',
  ])('may read every answer of %s if the operator names the origin', async (path) => {
    const { headers } = await request(shared.server).get(path).set({ Origin: UI });
    expect(headers['access-control-allow-origin']).toBe(UI);
    expect(headers['access-control-expose-headers']).toContain('X-Docker-Token');
    expect(headers['vary']).toMatch(/^Origin\b/);
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
  });

  it("keep the answer's headers for caches", async () => {
    const { headers } = await request(shared.server).get('/api/v1.1/search/').set({ Origin: UI });
    expect(headers['vary']).toBe('Origin, Authorization, Cookie');
  });

  it.each([EVIL, 'null', `${UI}.evil.example.com`, `${UI}:8443`, 'http://ui.example.com', UI.toUpperCase()])(
    'may not if they have the origin %s',
    async (origin) => {
      for (const path of ['/v1/_ping', '/api/v1.1/search/']) {
        const { headers } = await request(shared.server).get(path).set({ Origin: origin });
        expect([crossOriginHeaders(headers), headers['vary']]).toEqual([[], expect.stringMatching(/^Origin\b/)]);
      }
    },
  );

  it('learn in advance what they may send', async () => {
    const { status, headers } = await request(shared.server)
      .options('/v1/repositories/alice/app/tags/one')
      .set({ Origin: UI, ...PREFLIGHT });
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': UI,
      'access-control-allow-methods': 'GET, HEAD, PUT, POST, PATCH, DELETE',
      'access-control-max-age': '600',
    });
    for (const name of ['Authorization', 'X-Docker-Token', 'If-Match', 'Content-Type']) {
      expect(headers['access-control-allow-headers']?.split(', ')).toContain(name);
    }
  });

  it('act with an Authorization header, and not with the login of a reader', async () => {
    const push = await request(shared.server)
      .put('/v1/repositories/alice/app/')
      .set({ Origin: UI, 'X-Docker-Token': 'true', ...LOGIN })
      .send('[]');
    expect([push.status, push.headers['access-control-allow-origin']]).toEqual([200, UI]);
    const session = await request(shared.server)
      .post('/api/v1.1/session/')
      .set({ Origin: UI, 'Sec-Fetch-Site': 'cross-site' })
      .send({ username: 'alice', password: 'alicepw' });
    expect([session.status, session.headers['set-cookie']]).toEqual([403, undefined]);
  });

  it.each(['/', '/explore/', '/account/login/', '/healthz', '/metrics'])(
    'may not read the page %s in any case',
    async (path) => {
      const { headers } = await request(shared.server).get(path).set({ Origin: UI, Accept: 'text/html' });
      expect(crossOriginHeaders(headers)).toEqual([]);
    },
  );
});
