import request from 'supertest';
import { createChain, createImage, pushImages, startPull, startPush, uploadImage } from '../../helpers/images';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'robert');
  await addUser(server, 'sleeper', { isActive: false });
});
afterAll(() => server.close());

function call(method: 'get' | 'put', path: string, authorization?: string): request.Test {
  const test = request(server.server)[method](`/v1/repositories/${path}`);
  return authorization === undefined ? test : test.set('Authorization', authorization);
}

async function deleteToken(repository: string): Promise<string> {
  const response = await request(server.server)
    .delete(`/v1/repositories/${repository}/images`)
    .set('Authorization', basic('alice'))
    .expect(204);
  return `Token ${response.headers['x-docker-token']}`;
}

async function makePrivate(name: string): Promise<void> {
  await server.ctx.db('repositories').where({ name }).update({ visibility: 'private' });
}

describe('PUT /v1/repositories/R/auth', () => {
  it('says "OK" to read and write tokens, as often as asked', async () => {
    const write = await startPush(server, 'alice/app', []);
    const read = await startPull(server, 'alice/app');
    for (const token of [write, read, write, read]) await call('put', 'alice/app/auth', token).expect(200, '"OK"');
  });

  it('uses a delete token up: "OK" once, then 403', async () => {
    await startPush(server, 'alice/once', []);
    const token = await deleteToken('alice/once');
    await call('put', 'alice/once/auth', token).expect(200, '"OK"');
    await call('put', 'alice/once/auth', token).expect(403);
    const remove = request(server.server).delete('/v1/repositories/alice/once/').set('Authorization', token);
    expect((await remove).status).toBe(401);
  });

  it('accepts a delete token once if it is sent twice at the same time', async () => {
    await startPush(server, 'alice/race', []);
    const token = await deleteToken('alice/race');
    const both = await Promise.all([call('put', 'alice/race/auth', token), call('put', 'alice/race/auth', token)]);
    expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 403]);
  });

  it('answers 403 to a token for another repository, as a bare JSON string', async () => {
    const token = await startPush(server, 'alice/app', []);
    await startPush(server, 'alice/other', []);
    const response = await call('put', 'alice/other/auth', token).expect(403);
    expect(JSON.parse(response.text)).toEqual(expect.any(String));
  });

  it('answers 403 if the account of the token is inactive', async () => {
    await addUser(server, 'leaver');
    const token = await startPush(server, 'leaver/app', [], 'leaver');
    await server.ctx.db('users').where({ username: 'leaver' }).update({ is_active: false });
    await call('put', 'leaver/app/auth', token).expect(403, '"Account is not Active"');
  });

  it('answers 404 for a repository that is gone', async () => {
    const token = await startPush(server, 'alice/gone', []);
    await server.ctx.db('repositories').where({ name: 'gone' }).delete();
    await call('put', 'alice/gone/auth', token).expect(404, '{"error":"Repository not found"}');
  });

  it('answers 401 to Basic, to an anonymous caller and to a forged token', async () => {
    const forged = 'Token signature=00,repository="alice/app",access=write';
    for (const authorization of [basic('alice'), undefined, 'Token ', forged]) {
      const response = await call('put', 'alice/app/auth', authorization);
      expect([response.status, response.text]).toEqual([401, '""']);
    }
  });
});

describe('GET /v1/repositories/R/layer/<image id>/access', () => {
  const shared = createChain(2);
  const secret = createImage();
  beforeAll(async () => {
    await pushImages(server, 'alice/shared', shared);
    await pushImages(server, 'alice/secret', [secret]);
    await makePrivate('secret');
  });

  const access = (repository: string, imageId: string, token?: string) =>
    call('get', `${repository}/layer/${imageId}/access`, token);

  it('is true for an image of any repository that the account may read', async () => {
    const token = await startPush(server, 'robert/app', [], 'robert');
    for (const { id } of shared) await access('robert/app', id, token).expect(200, '{"access":true}');
    const anonymous = await startPull(server, 'alice/shared');
    await access('alice/shared', shared[0]!.id, anonymous).expect(200, '{"access":true}');
    await access('alice/shared', secret.id, await startPull(server, 'alice/shared', 'alice')).expect(
      200,
      '{"access":true}',
    );
  });

  it('is true as often as asked', async () => {
    const token = await startPull(server, 'alice/shared');
    await access('alice/shared', shared[0]!.id, token).expect(200, '{"access":true}');
    await access('alice/shared', shared[0]!.id, token).expect(200, '{"access":true}');
  });

  it('is true for an image that the push of this token announced, false for other tokens', async () => {
    const image = createImage();
    const write = await startPush(server, 'alice/pushing', [image]);
    await access('alice/pushing', image.id, write).expect(200, '{"access":true}');
    await access('alice/pushing', image.id, await startPull(server, 'alice/pushing')).expect(200, '{"access":false}');
    const other = await startPush(server, 'robert/app', [], 'robert');
    await access('robert/app', image.id, other).expect(200, '{"access":false}');
    await uploadImage(server, write, image);
    await access('robert/app', image.id, other).expect(200, '{"access":true}');
  });

  it("is false for an image of another user's private repository", async () => {
    const token = await startPush(server, 'robert/app', [], 'robert');
    await access('robert/app', secret.id, token).expect(200, '{"access":false}');
  });

  it.each(['0'.repeat(64), 'not-an-id', 'a%00b'])('is false for %s, which does not exist', async (imageId) => {
    const token = await startPull(server, 'alice/shared');
    await access('alice/shared', imageId, token).expect(200, '{"access":false}');
  });

  it('is a 401 for an anonymous caller, a wrong password and a token for another repository', async () => {
    const other = await startPull(server, 'alice/shared');
    for (const authorization of [undefined, 'Token ', basic('alice', 'wrong')]) {
      await access('alice/shared', shared[0]!.id, authorization).expect(401, '""');
    }
    await access('alice/secret', secret.id, other).expect(401, '""');
  });

  it('is a 403 for an inactive account', async () => {
    await access('alice/shared', shared[0]!.id, basic('sleeper')).expect(403, '"Account is not Active"');
  });
});
