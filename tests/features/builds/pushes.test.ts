import request from 'supertest';
import type { Context } from '../../../src/context';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { ensureTokenKey } from '../../../src/features/accounts/token-key';
import { listEvents } from '../../../src/features/audit/audit';
import { issueBuildToken } from '../../../src/features/builds/build-token';
import { claimBuild, finishBuild, noteDockerfile } from '../../../src/features/builds/running';
import { removeSource } from '../../../src/features/builds/source-changes';
import { addSource } from '../../../src/features/builds/sources';
import { getAdministered } from '../../../src/features/repositories/get-repository';
import { readFullName } from '../../../src/features/repositories/names';
import { queueOf } from '../../helpers/builds';
import { createImage, pushImages } from '../../helpers/images';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

const APP = readFullName('alice/app');
const SENTENCE = 'alice/app is an automated repository: it is built from its source, and cannot be pushed to';

let server: TestServer;
let ctx: Context;
const repository = () => getAdministered(ctx, OPERATOR_ACTOR, APP);

beforeAll(async () => {
  server = await startTestServer();
  ({ ctx } = server);
  ctx.tokenKey.set(await ensureTokenKey(ctx));
  await addUser(server, 'alice');
  await addUser(server, 'bob');
  await pushImages(server, 'alice/app', [createImage()], { tag: 'latest' });
  await addSource(ctx, await repository(), { provider: 'git', cloneUrl: 'https://git.test/app.git' });
});
afterAll(() => server.close());

describe('a push by hand to an automated repository is refused with a sentence', () => {
  it('over v1, when the engine announces its images', async () => {
    const { status, text } = await request(server.url)
      .put('/v1/repositories/alice/app/')
      .set('Authorization', basic('alice'))
      .send([]);
    expect([status, text]).toEqual([403, expect.stringContaining(SENTENCE)]);
  });

  it('over v1, when it sets a tag', async () => {
    const { status, text } = await request(server.url)
      .put('/v1/repositories/alice/app/tags/other')
      .set('Authorization', basic('alice'))
      .send(JSON.stringify('a'.repeat(64)));
    expect([status, text]).toEqual([403, expect.stringContaining(SENTENCE)]);
  });

  it.each([
    ['post', '/v2/alice/app/blobs/uploads/'],
    ['put', '/v2/alice/app/manifests/latest'],
  ] as const)('over v2: %s %s', async (method, path) => {
    const { status, text } = await request(server.url)[method](path).set('Authorization', basic('alice'));
    expect([status, text]).toEqual([403, expect.stringContaining(SENTENCE)]);
  });

  it('by the API, which copies a tag', async () => {
    const { status, text } = await request(server.url)
      .post('/api/v1.1/repositories/alice/app/tags/')
      .set('Authorization', basic('alice'))
      .send({ name: 'copy', source: { namespace: 'alice', name: 'app', tag: 'latest' } });
    expect([status, text]).toEqual([403, expect.stringContaining(SENTENCE)]);
  });

  it('and other users learn nothing from it', async () => {
    const { text } = await request(server.url).post('/v2/alice/app/blobs/uploads/').set('Authorization', basic('bob'));
    expect(text).not.toContain('automated');
  });
});

it('is marked in the search of v1', async () => {
  const { body } = await request(server.url).get('/v1/search?q=app');
  expect((body as { results: unknown[] }).results).toMatchObject([
    { name: 'alice/app', is_automated: true, is_trusted: true },
  ]);
});

it('a build pushes while it runs, as trustedbuilder, and nowhere else', async () => {
  const { id } = await queueOf(ctx, await repository());
  const holder = { buildId: id, builder: 'host:1' };
  await claimBuild(ctx, holder);
  const { token } = await issueBuildToken(ctx, id);
  const start = (name: string) =>
    request(server.url).post(`/v2/${name}/blobs/uploads/`).set('Authorization', `Bearer ${token}`);
  await start('alice/app').expect(202);
  await start('alice/other').expect(401);
  await request(server.url).get('/v2/alice/app/tags/list').set('Authorization', `Bearer ${token}`).expect(200);
  expect(await noteDockerfile(ctx, holder, 'FROM scratch\n')).toBe(true);
  expect(await noteDockerfile(ctx, { ...holder, builder: 'host:2' }, 'x')).toBe(false);
  const manifest = await pushManifest(token);
  expect(manifest).toBe(201);
  const [event] = await listEvents(ctx, { action: 'push.finished', limit: 1 });
  expect(event).toMatchObject({ actor: 'trustedbuilder', subject: 'alice/app' });
  await finishBuild(ctx, holder, { state: 'cancelled' });
  await start('alice/app').expect(401);
});

async function pushManifest(token: string): Promise<number> {
  const bytes = Buffer.from('{}');
  const digest = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';
  const authorization = `Bearer ${token}`;
  await request(server.url)
    .post(`/v2/alice/app/blobs/uploads/?digest=${digest}`)
    .set({ Authorization: authorization, 'Content-Type': 'application/octet-stream' })
    .send(bytes)
    .expect(201);
  const type = 'application/vnd.oci.image.manifest.v1+json';
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: bytes.length };
  const { status } = await request(server.url)
    .put('/v2/alice/app/manifests/built')
    .set({ Authorization: authorization, 'Content-Type': type })
    .send(JSON.stringify({ schemaVersion: 2, mediaType: type, config, layers: [] }));
  return status;
}

it('takes pushes again when its source is removed', async () => {
  await removeSource(ctx, await repository());
  await request(server.url).post('/v2/alice/app/blobs/uploads/').set('Authorization', basic('alice')).expect(202);
});
