import request from 'supertest';
import { trustProxies } from '../../../src/platform/http/client-address';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';
import { startProbes } from '../../helpers/v2-probes';

let server: TestServer;
let probes: Awaited<ReturnType<typeof startProbes>>;
beforeAll(async () => {
  server = await startTestServer({ settings: { trustsProxy: trustProxies(['127.0.0.0/8']) } });
  await addUser(server, 'alice');
  probes = await startProbes(server);
});
afterAll(async () => {
  await probes.close();
  await server.close();
});

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('the challenge of a 401', () => {
  it.each([
    ['head', `/v2/alice/app/blobs/${DIGEST}`, 'repository:alice/app:pull'],
    ['get', `/v2/alice/app/blobs/${DIGEST}`, 'repository:alice/app:pull'],
    ['head', '/v2/alice/app/manifests/latest', 'repository:alice/app:pull'],
    ['get', '/v2/ubuntu/manifests/latest', 'repository:ubuntu:pull'],
    ['get', '/v2/library/ubuntu/manifests/latest', 'repository:ubuntu:pull'],
    ['put', '/v2/alice/app/manifests/latest', 'repository:alice/app:pull,push'],
    ['post', '/v2/alice/app/blobs/uploads/', 'repository:alice/app:pull,push'],
    ['post', '/v2/alice/app/blobs/uploads?digest=x', 'repository:alice/app:pull,push'],
    ['patch', '/v2/alice/app/blobs/uploads/1', 'repository:alice/app:pull,push'],
    ['delete', '/v2/alice/app/blobs/uploads/1', 'repository:alice/app:pull,push'],
    ['delete', '/v2/alice/app/manifests/latest', 'repository:alice/app:delete'],
  ] as const)('names the scope for a client whose first request is %s %s', async (method, path, scope) => {
    const { status, headers } = await request(probes.server)[method](path);
    const base = `realm="http://${probes.host}/v2/token",service="${probes.host}"`;
    expect([status, headers['www-authenticate']]).toEqual([401, `Bearer ${base},scope="${scope}"`]);
  });

  it('says that a Bearer token is bad', async () => {
    const { headers } = await request(probes.server)
      .get('/v2/alice/app/manifests/latest')
      .set('Authorization', 'Bearer v2.bad');
    expect(headers['www-authenticate']).toMatch(/,scope="repository:alice\/app:pull",error="invalid_token"$/);
  });

  it('says that a Bearer token is for something else', async () => {
    const { body } = await request(server.server).get('/v2/token').set('Authorization', basic('alice'));
    const { status, headers } = await request(probes.server)
      .put('/v2/alice/app/manifests/latest')
      .set('Authorization', `Bearer ${body.token}`);
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toMatch(/,scope="repository:alice\/app:pull,push",error="insufficient_scope"$/);
  });
});

async function realm(settings: Parameters<typeof startTestServer>[0], headers: Record<string, string>) {
  const asked = await startTestServer(settings);
  const answer = await request(asked.server).get('/v2/').set(headers);
  await asked.close();
  return answer.headers['www-authenticate'];
}

describe('the realm', () => {
  const proxy = { settings: { trustsProxy: trustProxies(['127.0.0.0/8']) } };

  it('has the host that the client asked for', async () => {
    expect(await realm({}, { Host: 'Hub.example.com:5000' })).toBe(
      'Bearer realm="http://hub.example.com:5000/v2/token",service="hub.example.com:5000"',
    );
  });

  it('has the scheme that a trusted proxy names, and no other', async () => {
    const headers = { Host: 'hub.example.com', 'X-Forwarded-Proto': 'https' };
    expect(await realm(proxy, headers)).toBe(
      'Bearer realm="https://hub.example.com/v2/token",service="hub.example.com"',
    );
    expect(await realm({}, headers)).toMatch(/^Bearer realm="http:\/\/hub.example.com\/v2\/token"/);
  });

  it('is below DRYDOCK_PUBLIC_URL if there is one', async () => {
    expect(await realm({ settings: { publicUrl: 'https://hub.example.com' } }, { Host: '10.0.0.1:5000' })).toBe(
      'Bearer realm="https://hub.example.com/v2/token",service="hub.example.com"',
    );
  });
});
