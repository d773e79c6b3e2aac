import request from 'supertest';
import { logIn } from '../../../src/features/accounts/login';
import { BUILD_RESEALS } from '../../../src/features/builds/credentials';
import { rotateTokenKey } from '../../../src/features/accounts/key-rotation';
import { beginSecondFactor, confirmSecondFactor } from '../../../src/features/accounts/second-factor';
import { listEvents } from '../../../src/features/audit/audit';
import { watchTokenKey } from '../../../src/features/accounts/token-key';
import { actorOf } from '../../helpers/actors';
import { createImage, pushImages, startPull } from '../../helpers/images';
import { codeOf } from '../../helpers/second-factor';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const BROWSER = { address: '::1', userAgent: 'a browser' };

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'bobby');
});
afterEach(() => server.close());

/** @returns the secret of the app */
async function turnOn(username: string): Promise<string> {
  const actor = await actorOf(server, username);
  const { secret } = await beginSecondFactor(server.ctx, actor);
  await confirmSecondFactor(server.ctx, actor, codeOf(secret, -1));
  return secret;
}

async function logInWith(username: string, code: string): Promise<string> {
  return (await logIn(server.ctx, { username, password: `${username}pw`, code }, BROWSER)).kind;
}

it('keeps second factors, also those that are used at the same moment', async () => {
  const [alice, bobby] = [await turnOn('alice'), await turnOn('bobby')];
  const [rotated, during] = await Promise.all([
    rotateTokenKey(server.ctx, BUILD_RESEALS),
    logInWith('alice', codeOf(alice)),
  ]);
  expect([rotated, during]).toEqual([{ secondFactors: 2, buildSources: 0, linkedAccounts: 0 }, 'done']);
  await rotateTokenKey(server.ctx, BUILD_RESEALS);
  expect(await logInWith('bobby', codeOf(bobby))).toBe('done');
  expect(await logInWith('alice', codeOf(alice, 1))).toBe('done');
  const [event] = await listEvents(server.ctx, { action: 'key.', limit: 1 });
  expect(event).toMatchObject({ actor: 'operator', subject: 'token_key', details: { secondFactors: 2 } });
});

it('changes nothing when a second factor cannot be read', async () => {
  const alice = await turnOn('alice');
  await turnOn('bobby');
  const { db } = server.ctx;
  await db.raw(
    `update second_factors set sealed_secret = 'damaged' where user_id = (select id from users where username = 'bobby')`,
  );
  const before = await db('settings').select();
  await expect(rotateTokenKey(server.ctx, BUILD_RESEALS)).rejects.toThrow();
  expect(await db('settings').select()).toEqual(before);
  expect(await logInWith('alice', codeOf(alice))).toBe('done');
});

it('ends tokens on a server that runs, which then gives out new ones', async () => {
  const image = createImage({});
  await pushImages(server, 'alice/app', [image]);
  const pull = (authorization: string) =>
    request(server.url).get(`/v1/images/${image.id}/json`).set('Authorization', authorization);
  const old = await startPull(server, 'alice/app', 'alice');
  await pull(old).expect(200);
  const unwatch = watchTokenKey(server.ctx, 10);
  await rotateTokenKey(server.ctx, BUILD_RESEALS);
  while ((await pull(old)).status !== 401);
  await pull(await startPull(server, 'alice/app', 'alice')).expect(200);
  unwatch();
});
