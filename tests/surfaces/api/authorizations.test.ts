import { listEvents } from '../../../src/features/audit/audit';
import { askApi } from '../../helpers/api-client';
import { addClient, askForTokens, codeOf, exchangeCode } from '../../helpers/oauth';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'robert');
});
afterAll(() => server.close());

const PATH = '/api/v1.1/users/alice/authorizations/';

describe('/users/:username/authorizations/', () => {
  it('lists the programs that act for an account, with their scopes and their last use', async () => {
    const client = await addClient(server);
    const { body } = await exchangeCode(server, client, await codeOf(server, 'alice', client));
    const before = await askApi(server, 'get', PATH, { as: 'alice' });
    const one = { client_id: client.id, name: 'An <app> & more', scopes: ['email_read', 'profile_read'] };
    expect(before.body.results).toEqual([{ ...one, since: expect.any(String), last_used_at: null }]);
    const headers = { Authorization: `Bearer ${body.access_token}` };
    expect((await askApi(server, 'get', '/api/v1.1/users/alice/', { headers })).status).toBe(200);
    const after = await askApi(server, 'get', PATH, { as: 'alice' });
    expect(after.body.results).toMatchObject([{ ...one, last_used_at: expect.any(String) }]);
    expect((await askApi(server, 'get', PATH, { as: 'robert' })).status).toBe(403);
    expect((await askApi(server, 'get', PATH, { headers })).status).toBe(403);
  });

  it('ends access tokens, refresh tokens and codes of one program, and of no other', async () => {
    const [client, other] = [await addClient(server), await addClient(server)];
    const tokens = (await exchangeCode(server, client, await codeOf(server, 'alice', client))).body;
    const kept = (await exchangeCode(server, other, await codeOf(server, 'alice', other))).body;
    const code = await codeOf(server, 'alice', client);
    const path = `${PATH}${client.id}/`;
    expect((await askApi(server, 'delete', path, { as: 'robert' })).status).toBe(403);
    expect((await askApi(server, 'delete', path, { as: 'alice' })).status).toBe(204);
    const ask = async (token: string) => {
      const headers = { Authorization: `Bearer ${token}` };
      return (await askApi(server, 'get', '/api/v1.1/users/alice/', { headers })).status;
    };
    expect([await ask(tokens.access_token), await ask(kept.access_token)]).toEqual([401, 200]);
    const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token };
    expect((await askForTokens(server, client, refresh)).status).toBe(400);
    expect((await exchangeCode(server, client, code)).status).toBe(400);
    expect((await askApi(server, 'delete', path, { as: 'alice' })).status).toBe(404);
    const events = await listEvents(server.ctx, { action: 'oauth.revoked', limit: 10 });
    expect(events).toMatchObject([{ actor: 'alice', subject: 'alice', details: { client: client.id } }]);
  });

  it('shows since when a program has access, which a refresh does not change', async () => {
    const client = await addClient(server);
    const { body } = await exchangeCode(server, client, await codeOf(server, 'robert', client));
    const since = new Date('2026-01-02T03:04:05.678Z');
    await server.ctx.db('oauth_tokens').update({ authorized_at: since, created_at: since });
    const refresh = { grant_type: 'refresh_token', refresh_token: body.refresh_token as string };
    expect((await askForTokens(server, client, refresh)).status).toBe(200);
    const list = await askApi(server, 'get', '/api/v1.1/users/robert/authorizations/', { as: 'robert' });
    expect(list.body.results).toMatchObject([{ client_id: client.id, since: since.toISOString() }]);
  });
});
