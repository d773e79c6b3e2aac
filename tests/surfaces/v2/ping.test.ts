import request from 'supertest';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { createAccountToken, revokeAccountToken } from '../../../src/features/accounts/own-access-tokens';
import { updateUser } from '../../../src/features/accounts/users';
import { issueToken } from '../../../src/features/tokens/token';
import { createRobot } from '../../../src/features/namespaces/robots';
import { createOrganization } from '../../../src/features/namespaces/organizations';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'sleeper', { isActive: false });
  await createOrganization(server.ctx, OPERATOR_ACTOR, 'acme', { owner: 'alice' });
  await createRobot(server.ctx, OPERATOR_ACTOR, { organization: 'acme', name: 'ci' });
});
afterAll(() => server.close());

async function ping(authorization?: string, path = '/v2/') {
  const asked = request(server.server).get(path);
  return authorization === undefined ? asked : asked.set('Authorization', authorization);
}

async function bearer(authorization: string | undefined, query = 'service=S'): Promise<string> {
  const asked = request(server.server).get(`/v2/token?${query}`);
  const { body } = await (authorization === undefined ? asked : asked.set('Authorization', authorization));
  return `Bearer ${body.token}`;
}

function challenge(error?: string): string {
  const base = `Bearer realm="${server.url}/v2/token",service="${server.host}"`;
  return error === undefined ? base : `${base},error="${error}"`;
}

describe('GET /v2/', () => {
  it('answers 200 to good credentials of every kind', async () => {
    const token = { name: 'cli', access: 'read', repositories: ['alice/app'] } as const;
    const { secret } = await createAccountToken(server.ctx, OPERATOR_ACTOR, 'alice', token);
    const robot = await createAccountToken(server.ctx, OPERATOR_ACTOR, 'acme+ci', { name: 'ci', access: 'write' });
    const basics = [basic('alice'), basic('alice', secret), basic('acme+ci', robot.secret)];
    for (const each of [...basics, await bearer(basic('alice')), await bearer(basics[1]), await bearer(basics[2])]) {
      for (const path of ['/v2/', '/v2']) {
        const { status, text, headers } = await ping(each, path);
        expect([status, text, headers['content-type']]).toEqual([200, '{}', 'application/json']);
        expect(
          Object.keys(headers).filter((name) => name.startsWith('x-docker') || name.startsWith('docker-')),
        ).toEqual([]);
      }
    }
  });

  it('answers 401 with the challenge to a caller without credentials', async () => {
    for (const each of [undefined, 'Basic Og==']) {
      const { status, body, headers } = await ping(each);
      const error = { code: 'UNAUTHORIZED', message: 'authentication required', detail: null };
      expect([status, body, headers['www-authenticate']]).toEqual([401, { errors: [error] }, challenge()]);
      expect(headers['content-type']).toBe('application/json');
    }
  });

  it('answers 401 to bad credentials of every kind, and to tokens of v1', async () => {
    const { text } = issueToken(server.ctx.tokenKey, {
      identity: { userId: 1, credentialsEpoch: 0 },
      repository: { namespace: 'alice', name: 'app' },
      access: 'write',
    });
    const good = await bearer(basic('alice'));
    const ofV1 = [`Token ${text}`, `Bearer ${text}`, `Bearer ${text.replaceAll(/[",=]/g, '.')}`];
    for (const each of [...ofV1, 'Bearer x', 'Bearer v2.', `${good}A`, good.slice(0, -2), 'Digest x']) {
      const { status, headers } = await ping(each);
      expect([each, status, headers['www-authenticate']]).toEqual([each, 401, challenge('invalid_token')]);
    }
    const { status, headers } = await ping(basic('alice', 'wrong'));
    expect([status, headers['www-authenticate']]).toEqual([401, challenge()]);
    expect((await ping(basic('sleeper'))).body.errors[0].message).toBe('Account is not Active');
  });

  it('gives Bearer tokens that are not tokens of v1', async () => {
    const good = (await bearer(basic('alice'), 'scope=repository:alice/app:pull')).replace('Bearer ', '');
    for (const each of [
      `Bearer ${good}`,
      `Token ${good}`,
      `Token signature=${good},repository="alice/app",access=read`,
    ]) {
      const { status } = await request(server.server).get('/v1/repositories/alice/app/tags').set('Authorization', each);
      expect(status).toBe(401);
    }
  });

  it('refuses a token whose password or access token has ended', async () => {
    await addUser(server, 'bob');
    const { token, secret } = await createAccountToken(server.ctx, OPERATOR_ACTOR, 'bob', {
      name: 'a',
      access: 'read',
    });
    const [byPassword, byToken] = [await bearer(basic('bob')), await bearer(basic('bob', secret))];
    const statuses = async () => [(await ping(byPassword)).status, (await ping(byToken)).status];
    expect(await statuses()).toEqual([200, 200]);
    await updateUser(server.ctx, OPERATOR_ACTOR, 'bob', { password: 'another' });
    expect(await statuses()).toEqual([401, 200]);
    expect((await ping(byPassword)).headers['www-authenticate']).toBe(challenge('invalid_token'));
    await revokeAccountToken(server.ctx, OPERATOR_ACTOR, 'bob', token.id);
    expect(await statuses()).toEqual([401, 401]);
  });

  it('verifies a remembered password again after a change', async () => {
    await addUser(server, 'carol');
    expect((await ping(basic('carol'))).status).toBe(200);
    await updateUser(server.ctx, OPERATOR_ACTOR, 'carol', { password: 'another' });
    expect([(await ping(basic('carol'))).status, (await ping(basic('carol', 'another'))).status]).toEqual([401, 200]);
  });
});
