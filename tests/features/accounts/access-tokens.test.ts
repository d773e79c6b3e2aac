import request from 'supertest';
import {
  createAccountToken,
  listAccountTokens,
  revokeAccountToken,
} from '../../../src/features/accounts/own-access-tokens';
import { OPERATOR_ACTOR, type Actor } from '../../../src/features/access/actor';
import { verifyCredentials } from '../../../src/features/accounts/credentials';
import { updateUser } from '../../../src/features/accounts/users';
import { setStatus } from '../../../src/features/namespaces/account-status';
import { createImage, pushImages, startPull } from '../../helpers/images';
import { actorOf } from '../../helpers/actors';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
let alice: Actor;
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'robert');
  alice = await actorOf(server, 'alice');
});
afterEach(() => server.close());

const login = (username: string, password: string) =>
  request(server.server).get('/v1/users/').set('Authorization', basic(username, password));

async function addToken(name: string, options: { access?: 'read' | 'write' | 'admin'; expiresAt?: Date } = {}) {
  return createAccountToken(server.ctx, alice, 'alice', { name, access: options.access ?? 'read', ...options });
}

it('logs in with the name of its account, and with no other name', async () => {
  const { secret } = await addToken('laptop');
  expect(secret).toMatch(/^ddt_[A-Za-z0-9]{40}$/);
  await login('alice', secret).expect(200, '"OK"');
  await login('Alice', secret).expect(200);
  await login('robert', secret).expect(401);
  await login('alice', `${secret.slice(0, -1)}${secret.endsWith('x') ? 'y' : 'x'}`).expect(401);
});

it('is kept as a hash, and remembers its last use', async () => {
  const { token, secret } = await addToken('laptop');
  expect(token).toMatchObject({ name: 'laptop', access: 'read', repositories: undefined, lastUsedAt: undefined });
  await login('alice', secret).expect(200);
  const rows = await server.ctx.db('access_tokens').select();
  expect(JSON.stringify(rows)).not.toContain(secret);
  const [listed] = await listAccountTokens(server.ctx, alice, 'alice');
  expect(listed).toMatchObject({ id: token.id, name: 'laptop', lastUsedAddress: '127.0.0.1' });
  expect(listed?.lastUsedAt?.getTime()).toBeGreaterThan(Date.now() - 60_000);
});

it('ends with its revocation, and so do the pulls that were begun with it (R9)', async () => {
  await pushImages(server, 'alice/app', [createImage()]);
  await server.ctx.db('repositories').update({ visibility: 'private' });
  const { token, secret } = await addToken('laptop');
  const opening = () =>
    request(server.server)
      .get('/v1/repositories/alice/app/images')
      .set('Authorization', basic('alice', secret))
      .set('X-Docker-Token', 'true');
  const { headers } = await opening().expect(200);
  const tags = () =>
    request(server.server)
      .get('/v1/repositories/alice/app/tags')
      .set('Authorization', `Token ${headers['x-docker-token'] as string}`);
  await tags().expect(200);
  await revokeAccountToken(server.ctx, alice, 'alice', token.id);
  await tags().expect(401);
  await opening().expect(401);
  await login('alice', secret).expect(401);
  await expect(revokeAccountToken(server.ctx, alice, 'alice', token.id)).rejects.toMatchObject({ code: 'not_found' });
});

it('ends when it expires, even if it is remembered (R9)', async () => {
  const { secret } = await addToken('laptop', { expiresAt: new Date(Date.now() + 3_600_000) });
  await login('alice', secret).expect(200);
  const pull = () => request(server.server).get('/v1/search?q=x').set('Authorization', basic('alice', secret));
  await pull().expect(200);
  await server.ctx.db('access_tokens').update({ expires_at: new Date(Date.now() - 1000) });
  await pull().expect(401);
  await login('alice', secret).expect(401);
  const past = addToken('late', { expiresAt: new Date(Date.now() - 1000) });
  await expect(past).rejects.toMatchObject({ code: 'invalid' });
});

it('outlives a change of the password, but not of the account', async () => {
  const { secret } = await addToken('laptop');
  await updateUser(server.ctx, OPERATOR_ACTOR, 'alice', { password: 'another password' });
  await login('alice', secret).expect(200);
  await setStatus(server.ctx, OPERATOR_ACTOR, 'alice', { isActive: false });
  await login('alice', secret).expect(403, '"Account is not Active"');
});

it('cannot change how the account logs in, or create other tokens (R10)', async () => {
  const { secret } = await addToken('strong', { access: 'admin' });
  const put = request(server.server).put('/v1/users/alice/').set('Authorization', basic('alice', secret));
  await put.send({ password: 'stolen account' }).expect(403);
  const identity = await verifyCredentials(server.ctx, 'alice', secret, '::1');
  if (identity === undefined) throw new Error('the token was refused');
  const actor: Actor = { kind: 'user', proof: 'password', address: '::1', identity };
  const refused = { code: 'forbidden', message: 'This cannot be done with an access token: log in with your password' };
  await expect(createAccountToken(server.ctx, actor, 'alice', { name: 'more', access: 'read' })).rejects.toMatchObject(
    refused,
  );
  await expect(listAccountTokens(server.ctx, actor, 'alice')).rejects.toMatchObject(refused);
});

it('pushes no more than it may (R10)', async () => {
  const read = await addToken('read');
  const write = await addToken('write', { access: 'write' });
  const start = (secret: string) =>
    request(server.server).put('/v1/repositories/alice/app/').set('Authorization', basic('alice', secret)).send([]);
  await start(read.secret).expect(403);
  await start(write.secret).expect(200);
  await expect(startPull(server, 'alice/app', 'alice')).resolves.toMatch(/^Token signature=/);
});

it('has a unique name, and there is a limit to their number', async () => {
  await addToken('laptop');
  await expect(addToken('laptop')).rejects.toMatchObject({
    code: 'conflict',
    message: 'An access token named laptop already exists',
  });
  await expect(addToken('')).rejects.toMatchObject({ code: 'invalid' });
  await expect(
    createAccountToken(server.ctx, alice, 'alice', { name: 'none', access: 'read', repositories: [] }),
  ).rejects.toMatchObject({ code: 'invalid' });
  for (let index = 1; index < 100; index += 1) await addToken(`token ${index}`);
  await expect(addToken('one more')).rejects.toMatchObject({
    message: 'An account can have at most 100 access tokens',
  });
});
