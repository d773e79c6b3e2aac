import request from 'supertest';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { forgetGrants } from '../../../src/features/oauth/grants';
import { updateUser } from '../../../src/features/accounts/users';
import { listEvents } from '../../../src/features/audit/audit';
import { askApi } from '../../helpers/api-client';
import {
  accessTokenOf,
  addClient,
  askForTokens,
  codeOf,
  exchangeCode,
  pkce,
  TOKEN,
  type TestClient,
} from '../../helpers/oauth';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
let client: TestClient;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  client = await addClient(server);
});
afterAll(() => server.close());

const credentials = () => ({ client_id: client.id, client_secret: client.secret });
const codeRequest = (more: object) => ({ grant_type: 'authorization_code', code: 'c', client_id: client.id, ...more });
const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });

async function profile(token: string, username = 'alice'): Promise<number> {
  return (await askApi(server, 'get', `/api/v1.1/users/${username}/`, bearer(token))).status;
}

describe('POST /o/token/ with a code (protocol 6.2)', () => {
  it('answers as the Hub did', async () => {
    const answer = await exchangeCode(server, client, await codeOf(server, 'alice', client));
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        username: 'alice',
        user_id: expect.any(Number),
        access_token: expect.stringMatching(/^[\w-]{43}$/),
        expires_in: 15552000,
        token_type: 'Bearer',
        scope: 'profile_read email_read',
        refresh_token: expect.stringMatching(/^[\w-]{43}$/),
      },
    ]);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' });
    expect(await profile(answer.body.access_token)).toBe(200);
  });

  it('accepts the secret in Basic, in JSON and in a form', async () => {
    const grant = async () => ({
      grant_type: 'authorization_code',
      code: await codeOf(server, 'alice', client),
      redirect_uri: client.redirectUri,
    });
    const answers = [
      await askForTokens(server, client, await grant()),
      await askApi(server, 'post', TOKEN, { form: { ...(await grant()), ...credentials() } }),
      await askApi(server, 'post', TOKEN, { body: { ...(await grant()), ...credentials(), unknown: ['field'] } }),
      await askApi(server, 'post', TOKEN, {
        body: await grant(),
        headers: { Authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}` },
      }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  it('accepts a code once: of ten clients that use it at the same time, one gets tokens', async () => {
    const code = await codeOf(server, 'alice', client);
    const answers = await Promise.all(Array.from({ length: 10 }, () => exchangeCode(server, client, code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.error === 'invalid_grant')).toHaveLength(9);
    // Nine used the code a second time, so the owner of the tokens is no longer known.
    const [winner] = answers.filter(({ status }) => status === 200);
    expect(await profile(winner!.body.access_token)).toBe(401);
  });

  it('ends the tokens of a code that is used a second time, refreshed ones too (R165)', async () => {
    const code = await codeOf(server, 'alice', client);
    const { access_token: first, refresh_token: token } = (await exchangeCode(server, client, code)).body;
    expect(await profile(first)).toBe(200);
    const form = { grant_type: 'refresh_token', refresh_token: token };
    const { access_token: second } = (await askForTokens(server, client, form)).body;
    expect(await profile(second)).toBe(200);
    expect((await exchangeCode(server, client, code)).body.error).toBe('invalid_grant');
    expect(await profile(second)).toBe(401);
  });

  it('accepts a code for a minute, and then forgets it', async () => {
    const code = await codeOf(server, 'alice', client);
    const [row] = await server.ctx
      .db('oauth_codes')
      .select(server.ctx.db.raw('extract(epoch from expires_at - now()) as s'));
    expect(Number(row.s)).toBeGreaterThan(30);
    expect(Number(row.s)).toBeLessThanOrEqual(60);
    await server.ctx.db.raw(`update oauth_codes set expires_at = now() - interval '1 second'`);
    const answer = await exchangeCode(server, client, code);
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_grant']);
    await forgetGrants(server.ctx);
    expect(await server.ctx.db('oauth_codes')).toEqual([]);
  });

  it.each([
    ['a wrong secret', { id: '', secret: 'wrong' }, 401, 'invalid_client'],
    ['an unknown client', { id: '0'.repeat(20), secret: 'wrong' }, 401, 'invalid_client'],
  ])('refuses %s', async (_what, { id, secret }, status, error) => {
    const wrong = { ...client, id: id || client.id, secret };
    const answer = await exchangeCode(server, wrong, await codeOf(server, 'alice', client));
    expect([answer.status, answer.body.error]).toEqual([status, error]);
    expect(answer.headers['www-authenticate']).toBe('Basic realm="Drydock OAuth", charset="UTF-8"');
  });

  it.each([
    ['no credentials of the client', 401, 'invalid_client', { grant_type: 'authorization_code', code: 'c' }],
    [
      'a verifier in the place of a secret',
      401,
      'invalid_client',
      () => codeRequest({ code_verifier: 'v'.repeat(43) }),
    ],
    ['no grant', 400, 'invalid_request', () => credentials()],
    ['a grant that there is not', 400, 'unsupported_grant_type', () => ({ ...credentials(), grant_type: 'magic' })],
    ['a password', 400, 'unauthorized_client', () => ({ ...credentials(), grant_type: 'password' })],
    ['its own credentials', 400, 'unauthorized_client', () => ({ ...credentials(), grant_type: 'client_credentials' })],
    ['no code', 400, 'invalid_request', () => ({ ...credentials(), grant_type: 'authorization_code' })],
    ['a number', 400, 'invalid_request', { client_id: 7 }],
    ['NUL', 400, 'invalid_request', { client_id: '\0' }],
  ])('refuses a client with %s', async (_what, status, error, fields) => {
    const body = typeof fields === 'function' ? fields() : fields;
    const answer = await askApi(server, 'post', TOKEN, { body });
    expect([answer.status, answer.body.error]).toEqual([status, error]);
  });

  it('answers 415 to a body that is neither JSON nor a form', async () => {
    const answer = await askApi(server, 'post', TOKEN, { body: 'x', headers: { 'Content-Type': 'text/plain' } });
    expect(answer.status).toBe(415);
    const broken = await askApi(server, 'post', TOKEN, { body: '{' });
    expect([broken.status, broken.body.error]).toEqual([400, 'invalid_request']);
  });

  it('accepts a code only from the client and with the address that it was issued for', async () => {
    const other = await addClient(server);
    const stolen = await exchangeCode(server, other, await codeOf(server, 'alice', client));
    expect([stolen.status, stolen.body.error]).toEqual([400, 'invalid_grant']);
    const code = await codeOf(server, 'alice', client);
    const moved = await exchangeCode(server, client, code, { redirect_uri: 'https://evil.example.com/' });
    expect([moved.status, moved.body.error]).toEqual([400, 'invalid_request']);
  });

  it('requires the verifier of a code with a challenge, and allows one attempt', async () => {
    const { verifier, challenge } = pkce();
    const more = { code_challenge: challenge, code_challenge_method: 'S256' };
    const right = await exchangeCode(server, client, await codeOf(server, 'alice', client, more), {
      code_verifier: verifier,
    });
    expect(right.status).toBe(200);
    const without = await exchangeCode(server, client, await codeOf(server, 'alice', client, more));
    expect(without.body.error).toBe('invalid_grant');
    const code = await codeOf(server, 'alice', client, more);
    const wrong = await exchangeCode(server, client, code, { code_verifier: pkce().verifier });
    expect(wrong.body.error).toBe('invalid_grant');
    const again = await exchangeCode(server, client, code, { code_verifier: verifier });
    expect(again.body.error).toBe('invalid_grant');
  });
});

describe('POST /o/token/ with a refresh token', () => {
  const refresh = (token: string, more: Record<string, string> = {}, by: TestClient = client) =>
    askForTokens(server, by, { grant_type: 'refresh_token', refresh_token: token, ...more });
  const first = async () => (await exchangeCode(server, client, await codeOf(server, 'alice', client))).body;

  it('exchanges it for new tokens, once, and the old ones end', async () => {
    const old = await first();
    const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(old.refresh_token)));
    const [fresh, ...others] = answers.sort((a, b) => a.status - b.status);
    expect([fresh!.status, fresh!.body.scope]).toEqual([200, 'profile_read email_read']);
    expect(others.map(({ body }) => body.error)).toEqual(Array(4).fill('invalid_grant'));
    // Of five that came at once, four came a second time.
    expect([await profile(old.access_token), await profile(fresh!.body.access_token)]).toEqual([401, 401]);
  });

  it('exchanges each new one again', async () => {
    const old = await first();
    const second = (await refresh(old.refresh_token)).body;
    expect([await profile(old.access_token), await profile(second.access_token)]).toEqual([401, 200]);
    const third = (await refresh(second.refresh_token)).body;
    expect([await profile(second.access_token), await profile(third.access_token)]).toEqual([401, 200]);
  });

  it('ends all tokens of the same grant, and no others, if it is used a second time (R165)', async () => {
    const [stolen, other] = [await first(), await first()];
    const second = (await refresh(stolen.refresh_token)).body;
    const third = (await refresh(second.refresh_token)).body;
    expect((await refresh(stolen.refresh_token)).body.error).toBe('invalid_grant');
    expect(await profile(third.access_token)).toBe(401);
    expect((await refresh(third.refresh_token)).body.error).toBe('invalid_grant');
    expect(await profile(other.access_token)).toBe(200);
    expect(await listEvents(server.ctx, { action: 'oauth.reused', limit: 1 })).toMatchObject([
      { actor: 'server', subject: 'alice', details: { client: client.id } },
    ]);
  });

  it('refuses a scope that was not granted, and keeps the tokens (R165)', async () => {
    const tokens = await first();
    const wider = await refresh(tokens.refresh_token, { scope: 'profile_read email_read profile_write' });
    expect([wider.status, wider.body.error]).toEqual([400, 'invalid_scope']);
    expect(await profile(tokens.access_token)).toBe(200);
    expect((await refresh(tokens.refresh_token)).status).toBe(200);
  });

  it('accepts a smaller scope, but not a larger one', async () => {
    const { refresh_token: token } = await first();
    expect((await refresh(token, { scope: 'email_write' })).body.error).toBe('invalid_scope');
    const less = await refresh((await first()).refresh_token, { scope: 'email_read' });
    expect(less.body.scope).toBe('email_read');
    expect(await profile(less.body.access_token)).toBe(403);
  });

  it('accepts it only from its client', async () => {
    const answer = await refresh((await first()).refresh_token, {}, await addClient(server));
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_grant']);
  });

  it.each(['nonsense', 'A'.repeat(43)])('refuses %s', async (token) => {
    expect((await refresh(token)).body.error).toBe('invalid_grant');
  });

  it('refuses it after a year, and forgets it', async () => {
    const { refresh_token: token } = await first();
    await server.ctx.db.raw(`update oauth_tokens set refresh_expires_at = now() - interval '1 second'`);
    expect((await refresh(token)).body.error).toBe('invalid_grant');
    await forgetGrants(server.ctx);
    expect(await server.ctx.db('oauth_tokens')).toEqual([]);
  });
});

describe('a Bearer token', () => {
  it.each([
    ['get', '', 'profile_read', {}],
    ['patch', '', 'profile_write', { company: 'Acme' }],
    ['get', 'emails/', 'email_read', {}],
  ] as const)('%s /users/alice/%s needs %s', async (method, path, scope, body) => {
    const all = ['profile_read', 'profile_write', 'email_read', 'email_write'];
    const ask = async (token: string) =>
      askApi(server, method, `/api/v1.1/users/alice/${path}`, {
        ...bearer(token),
        ...(method === 'get' ? {} : { body }),
      });
    const others = await accessTokenOf(server, 'alice', all.filter((name) => name !== scope).join(' '));
    const refused = await ask(others);
    expect([refused.status, refused.body.detail]).toEqual([403, `The token lacks the scope ${scope}`]);
    expect((await ask(await accessTokenOf(server, 'alice', scope))).status).toBeLessThan(300);
  });

  it('is not enough for anything else, even if its user is allowed', async () => {
    await addUser(server, 'chief', { isAdmin: true });
    const token = await accessTokenOf(server, 'chief', 'profile_read profile_write email_read email_write');
    for (const path of [
      '/api/v1.1/users/',
      '/api/v1.1/audit/',
      '/api/v1.1/search/',
      '/api/v1.1/users/chief/sessions/',
    ]) {
      expect((await askApi(server, 'get', path, bearer(token))).status).toBe(403);
    }
    expect((await askApi(server, 'get', '/api/v1.1/session/', bearer(token))).status).toBe(401);
  });

  it('of another user gives no access to alice, even that of an administrator', async () => {
    await addUser(server, 'robert');
    await addUser(server, 'root', { isAdmin: true });
    for (const username of ['robert', 'root']) {
      const token = await accessTokenOf(server, username, 'profile_read profile_write email_read email_write');
      expect([await profile(token), await profile(token, username)]).toEqual([403, 200]);
      const body = { company: 'Evil' };
      const change = await askApi(server, 'patch', '/api/v1.1/users/alice/', { ...bearer(token), body });
      expect(change.status).toBe(403);
    }
  });

  it.each(['nonsense', 'A'.repeat(43)])('cannot be %s', async (token) => {
    expect(await profile(token)).toBe(401);
  });

  it('ends after half a year', async () => {
    const token = await accessTokenOf(server, 'alice', 'profile_read');
    await server.ctx.db.raw(`update oauth_tokens set access_expires_at = now() - interval '1 second'`);
    expect(await profile(token)).toBe(401);
  });

  it('ends with a new password, as do codes and refresh tokens', async () => {
    await addUser(server, 'changer');
    const code = await codeOf(server, 'changer', client);
    const { body } = await exchangeCode(server, client, await codeOf(server, 'changer', client));
    expect(await profile(body.access_token, 'changer')).toBe(200);
    await updateUser(server.ctx, OPERATOR_ACTOR, 'changer', { password: 'another' });
    expect(await profile(body.access_token, 'changer')).toBe(401);
    expect((await exchangeCode(server, client, code)).body.error).toBe('invalid_grant');
    const refresh = { grant_type: 'refresh_token', refresh_token: body.refresh_token };
    expect((await askForTokens(server, client, refresh)).body.error).toBe('invalid_grant');
  });

  it('is refused while its account is inactive', async () => {
    await addUser(server, 'leaver');
    const { body } = await exchangeCode(server, client, await codeOf(server, 'leaver', client));
    await server.ctx.db('users').where({ username: 'leaver' }).update({ is_active: false });
    expect(await profile(body.access_token, 'leaver')).toBe(403);
    const refresh = { grant_type: 'refresh_token', refresh_token: body.refresh_token };
    expect((await askForTokens(server, client, refresh)).body.error).toBe('invalid_grant');
  });

  it('is refused by the v1 endpoints', async () => {
    const token = await accessTokenOf(server, 'alice', 'profile_read profile_write email_read email_write');
    const ask = request(server.server);
    const authorization = `Bearer ${token}`;
    await ask.get('/v1/users/').set('Authorization', authorization).expect(401);
    await ask.put('/v1/repositories/alice/app/').set('Authorization', authorization).send('[]').expect(401);
    await ask.get('/v1/repositories/alice/app/images').set('Authorization', authorization).expect(401);
    await ask.get('/v1/search?q=a').set('Authorization', authorization).expect(401);
  });
});

it('no code, token or secret is in the database', async () => {
  const code = await codeOf(server, 'alice', client);
  const { body } = await exchangeCode(server, client, await codeOf(server, 'alice', client));
  const tables = ['oauth_clients', 'oauth_codes', 'oauth_tokens', 'audit_events'];
  for (const secret of [code, body.access_token, body.refresh_token, client.secret] as string[]) {
    for (const table of tables) {
      const { rows } = await server.ctx.db.raw(`select ${table}::text as row from ${table}`);
      expect(rows.length).toBeGreaterThan(0);
      const text = JSON.stringify(rows);
      expect(text).not.toContain(secret);
      expect(text).not.toContain(Buffer.from(secret).toString('hex'));
      expect(text).not.toContain(Buffer.from(secret, 'base64url').toString('hex'));
    }
  }
});
