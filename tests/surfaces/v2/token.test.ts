import request from 'supertest';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { createAccountToken } from '../../../src/features/accounts/own-access-tokens';
import { updateUser } from '../../../src/features/accounts/users';
import { setStatus } from '../../../src/features/namespaces/account-status';
import { readBearerToken, type BearerClaims } from '../../../src/features/tokens/bearer-token';
import { fullName } from '../../../src/features/repositories/names';
import { addRepository, castOn, type Player } from '../../helpers/cast';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
let cast: Player[];
beforeAll(async () => {
  server = await startTestServer();
  cast = await castOn(server);
});
afterAll(() => server.close());

async function get(query: string, authorization?: string) {
  const asked = request(server.server).get(`/v2/token?${query}`);
  return authorization === undefined ? asked : asked.set('Authorization', authorization);
}

async function post(form: Record<string, string>) {
  return request(server.server).post('/v2/token').type('form').send(form);
}

function claimsOf(body: { token: string }): BearerClaims {
  const claims = readBearerToken(server.ctx.tokenKey, body.token);
  if (claims === undefined) throw new Error('the token is not good');
  return claims;
}

/** `alice/app:pull,push` for each grant. */
function grantsOf(body: { token: string }): string[] {
  return claimsOf(body).grants.map(({ repository, actions }) => `${fullName(repository)}:${actions.join(',')}`);
}

describe('what clients send', () => {
  const ALL = 'alice/app-public:pull,push';

  it.each([
    ['docker login', 'account=alice&client_id=docker&offline_token=true&service=S', []],
    ['docker pull', 'account=alice&scope=repository%3Aalice%2Fapp-public%3Apull&service=S', ['alice/app-public:pull']],
    ['docker push', 'account=alice&scope=repository%3Aalice%2Fapp-public%3Apush%2Cpull&service=S', [ALL]],
    [
      'docker push with a mount',
      'account=alice&scope=repository:alice/app-public:push,pull&scope=repository:alice/app-private:pull&service=S',
      [ALL, 'alice/app-private:pull'],
    ],
    ['podman login', 'account=alice&service=S', []],
    ['podman push', 'account=alice&service=S&scope=repository%3Aalice%2Fapp-public%3Apull%2Cpush', [ALL]],
    ['skopeo delete', 'account=alice&scope=repository:alice/app-public:*&service=S', [`${ALL},delete`]],
    ['crane push', 'scope=repository:alice/app-public:push,pull&service=S', [ALL]],
  ])('answers the GET of %s with what it asks for', async (_client, query, grants) => {
    const { status, body, headers } = await get(query, basic('alice'));
    expect(status).toBe(200);
    expect(grantsOf(body)).toEqual(grants);
    expect(claimsOf(body).identity).toBeDefined();
    expect(headers['cache-control']).toBe('no-store');
    expect(body).toEqual({
      token: body.token,
      access_token: body.token,
      expires_in: 3600,
      issued_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
  });

  it('gives an anonymous pull a token for public repositories', async () => {
    const scope = 'scope=repository:alice/app-public:pull&scope=repository:alice/app-private:pull&service=S';
    for (const authorization of [undefined, 'Basic Og==']) {
      const { status, body } = await get(scope, authorization);
      expect([status, grantsOf(body), claimsOf(body).identity]).toEqual([200, ['alice/app-public:pull'], undefined]);
    }
  });

  it.each(['containerd-client', 'buildkit-client', 'docker', 'containers/image'])(
    'answers the POST of %s, whose scopes are in one parameter',
    async (client_id) => {
      const scope = 'repository:alice/app-public:pull repository:alice/app-public:pull,push';
      const form = { client_id, grant_type: 'password', username: 'alice', password: 'alicepw', service: 'S', scope };
      const { status, body, headers } = await post({ ...form, access_type: 'offline' });
      expect([status, grantsOf(body), body.access_token]).toEqual([200, [ALL], body.token]);
      expect(headers['cache-control']).toBe('no-store');
      expect(body).not.toHaveProperty('refresh_token');
    },
  );
});

describe('refusals', () => {
  const UNAUTHORIZED = { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required', detail: null }] };
  const login = { grant_type: 'password', username: 'alice' };

  it('answers 401 to a wrong password, by GET and by POST, which clients follow with a GET', async () => {
    const asked = await get('service=S', basic('alice', 'wrong'));
    const posted = await post({ ...login, password: 'wrong' });
    for (const { status, body, headers } of [asked, posted]) {
      expect([status, body]).toEqual([401, UNAUTHORIZED]);
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json' });
      expect(headers['www-authenticate']).toMatch(/^Basic /);
    }
  });

  it('gives the same answer to an unknown user, and to credentials that are not Basic', async () => {
    expect((await get('service=S', basic('nobody'))).body).toEqual(UNAUTHORIZED);
    const { body } = await get('service=S', basic('alice'));
    for (const authorization of [`Bearer ${body.token}`, 'Token signature=00', 'Basic !', 'Digest x'])
      expect((await get('service=S', authorization)).status).toBe(401);
  });

  it('counts a POST and a GET with the same wrong password as one failed login, and another password as another', async () => {
    await addUser(server, 'typist');
    const failures = async () =>
      server.ctx.db('audit_events').where({ action: 'login.failed', subject: 'typist' }).pluck('id');
    await post({ grant_type: 'password', username: 'typist', password: 'tyop' });
    await get('service=S', basic('typist', 'tyop'));
    const repeated = (await failures()).length;
    await get('service=S', basic('typist', 'tyop2'));
    expect([repeated, (await failures()).length]).toEqual([1, 2]);
    expect((await get('service=S', basic('typist'))).status).toBe(200);
  });

  it('limits guesses as other logins do', async () => {
    await addUser(server, 'guessed');
    let status = 0;
    for (let turn = 0; turn < 11; turn += 1) ({ status } = await get('service=S', basic('guessed', `guess${turn}`)));
    const { body, headers } = await get('service=S', basic('guessed', 'one more'));
    expect([status, body.errors[0].code, Number(headers['retry-after'])]).toEqual([
      429,
      'TOOMANYREQUESTS',
      expect.any(Number),
    ]);
  });

  it.each([
    [{ grant_type: 'refresh_token', refresh_token: 'x' }],
    [{ grant_type: 'password', username: 'alice' }],
    [{ grant_type: 'password', password: 'alicepw' }],
    [{ username: 'alice', password: 'alicepw' }],
    [{}],
  ])('answers 400 to the form %j', async (form: Record<string, string>) => {
    const { status, body } = await post(form);
    expect([status, body.errors[0].code]).toEqual([400, 'UNSUPPORTED']);
  });

  it('answers 413 to a form that is too large', async () => {
    const { status, body } = await post({ ...login, password: 'alicepw', scope: 'x'.repeat(17_000) });
    expect([status, body.errors[0].code]).toEqual([413, 'SIZE_INVALID']);
  });

  it('tells an inactive account that it is inactive, after its password', async () => {
    const asked = await get('service=S', basic('sleeper'));
    const posted = await post({ grant_type: 'password', username: 'sleeper', password: 'sleeperpw' });
    for (const { status, body } of [asked, posted])
      expect([status, body.errors[0].message]).toEqual([401, 'Account is not Active']);
    expect((await get('service=S', basic('sleeper', 'wrong'))).body).toEqual(UNAUTHORIZED);
  });

  it('answers 405 to another method', async () => {
    const { status, body, headers } = await request(server.server).put('/v2/token');
    expect([status, body.errors[0].code, headers['allow']]).toEqual([405, 'UNSUPPORTED', 'GET, HEAD, POST, OPTIONS']);
  });
});

describe('rights', () => {
  const ACTIONS = { none: [], refused: [], read: ['pull'], write: ['pull', 'push'], admin: ['pull', 'push', 'delete'] };

  it('grants each account and access token of * what it may do, and nothing in private repositories of other users', async () => {
    for (const { name, authorization, roles } of cast) {
      for (const namespace of ['alice', 'acme'] as const) {
        for (const visibility of ['public', 'unlisted', 'private'] as const) {
          const full = `${namespace}/app-${visibility}`;
          const { status, body } = await get(`scope=repository:${full}:*`, authorization);
          const role = roles[namespace];
          if (role === 'refused') {
            expect([name, status]).toEqual([name, 401]);
            continue;
          }
          const actions = role === 'none' && visibility !== 'private' ? ['pull'] : ACTIONS[role];
          const expected = actions.length === 0 ? [] : [`${full}:${actions.join(',')}`];
          expect([name, full, grantsOf(body)]).toEqual([name, full, expected]);
        }
      }
    }
  });

  it('grants a repository that does not exist to those who may create it', async () => {
    const of = async (name: string, authorization?: string) =>
      grantsOf((await get(`scope=repository:${name}:push,pull`, authorization)).body);
    expect(await of('alice/new', basic('alice'))).toEqual(['alice/new:pull,push']);
    expect(await of('acme/new', basic('owner'))).toEqual(['acme/new:pull,push']);
    expect(await of('new', basic('root'))).toEqual(['library/new:pull,push']);
    for (const [name, who] of [
      ['alice/new', 'stranger'],
      ['acme/new', 'maintainer'],
      ['new', 'alice'],
      ['nowhere/new', 'alice'],
      ['alice/images', 'alice'],
    ] as const) {
      expect([name, await of(name, basic(who))]).toEqual([name, []]);
    }
    expect(await of('alice/new')).toEqual([]);
  });

  it('knows official images by their short names', async () => {
    await server.ctx.db('repositories').insert({ namespace: 'library', name: 'ubuntu', state: 'active' });
    const { body } = await get(
      'scope=repository:ubuntu:pull&scope=repository:library/ubuntu:pull,push',
      basic('alice'),
    );
    expect(grantsOf(body)).toEqual(['library/ubuntu:pull']);
  });

  it('grants only pulls for a former name', async () => {
    const { ctx } = server;
    await addRepository(server, { namespace: 'alice', name: 'today', visibility: 'public' });
    const [row] = await ctx.db('repositories').where({ namespace: 'alice', name: 'today' }).select('id');
    await ctx.db('repository_aliases').insert({ namespace: 'alice', name: 'before', repository_id: row.id });
    const { body } = await get('scope=repository:alice/before:pull,push', basic('alice'));
    expect(grantsOf(body)).toEqual(['alice/before:pull']);
  });

  it('grants nobody a repository that is being deleted', async () => {
    await server.ctx.db('repositories').insert({
      namespace: 'alice',
      name: 'going',
      state: 'deleting',
      deleting_since: new Date(),
    });
    const { body } = await get('scope=repository:alice/going:*', basic('alice'));
    expect(grantsOf(body)).toEqual([]);
  });

  it('grants the list of repositories to accounts', async () => {
    const { body } = await get('scope=registry:catalog:*', basic('alice'));
    expect(claimsOf(body).hasCatalog).toBe(true);
    expect(claimsOf((await get('scope=registry:catalog:*')).body).hasCatalog).toBe(false);
    expect(claimsOf((await get('scope=repository:alice/app-public:pull', basic('alice'))).body).hasCatalog).toBe(false);
  });
});

describe('credentials that were accepted recently', () => {
  it('are refused after a change', async () => {
    await addUser(server, 'changing');
    const status = async (authorization: string, query = 'scope=repository:alice/app-public:pull') =>
      (await get(query, authorization)).status;
    const old = basic('changing');
    expect([await status(old), await status(old)]).toEqual([200, 200]);
    await updateUser(server.ctx, OPERATOR_ACTOR, 'changing', { password: 'another' });
    expect([await status(old), await status(old, 'service=S')]).toEqual([401, 401]);
    const now = basic('changing', 'another');
    expect(await status(now)).toBe(200);
    await setStatus(server.ctx, OPERATOR_ACTOR, 'changing', { isActive: false });
    expect([await status(now), await status(now, 'service=S')]).toEqual([401, 401]);
  });

  it('are an access token, and not the password, for an account with a second factor', async () => {
    await addUser(server, 'careful');
    const { secret } = await createAccountToken(server.ctx, OPERATOR_ACTOR, 'careful', {
      name: 'cli',
      access: 'write',
    });
    await server.ctx.db('users').where({ username: 'careful' }).update({ has_second_factor: true });
    const statuses = [basic('careful'), basic('careful', secret)].map(
      async (each) => (await get('service=S', each)).status,
    );
    expect(await Promise.all(statuses)).toEqual([401, 200]);
  });
});
