import { listEvents } from '../../../src/features/audit/audit';
import { askApi } from '../../helpers/api-client';
import { codeOf, exchangeCode, linkOf } from '../../helpers/oauth';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import request from 'supertest';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'root', { isAdmin: true });
});
afterAll(() => server.close());

const as = 'root';
const CLIENTS = '/api/v1.1/oauth-clients/';
const body = { name: 'The app', redirect_uris: ['https://app.example.com/back'] };

describe('/oauth-clients/', () => {
  it('is for administrators', async () => {
    for (const who of [{}, { as: 'alice' }]) {
      const status = 'as' in who ? 403 : 401;
      expect((await askApi(server, 'get', CLIENTS, who)).status).toBe(status);
      expect((await askApi(server, 'post', CLIENTS, { ...who, body })).status).toBe(status);
      expect((await askApi(server, 'delete', `${CLIENTS}${'0'.repeat(20)}/`, who)).status).toBe(status);
    }
  });

  it('creates a client that works, shows its secret once, and lists it', async () => {
    const made = await askApi(server, 'post', CLIENTS, { as, body });
    expect([made.status, made.body]).toEqual([
      201,
      {
        ...body,
        client_id: expect.stringMatching(/^[0-9a-f]{20}$/),
        client_secret: expect.stringMatching(/^[\w-]{43}$/),
        date_created: expect.any(String),
      },
    ]);
    const { client_secret: secret, ...shown } = made.body;
    expect((await askApi(server, 'get', CLIENTS, { as })).body).toMatchObject({ count: 1, results: [shown] });
    const client = { id: made.body.client_id, secret, redirectUri: body.redirect_uris[0]! };
    const tokens = await exchangeCode(server, client, await codeOf(server, 'alice', client));
    expect(tokens.status).toBe(200);
    const bearer = { headers: { Authorization: `Bearer ${tokens.body.access_token}` } };
    expect((await askApi(server, 'get', '/api/v1.1/users/alice/', bearer)).status).toBe(200);

    const path = `${CLIENTS}${client.id}/`;
    expect((await askApi(server, 'delete', path, { as })).status).toBe(204);
    expect((await askApi(server, 'delete', path, { as })).status).toBe(404);
    expect((await askApi(server, 'get', '/api/v1.1/users/alice/', bearer)).status).toBe(401);
    await request(server.server).get(linkOf(client)).expect(400);
    const events = await listEvents(server.ctx, { action: 'oauth.client', limit: 5 });
    expect(events.map(({ action, actor, subject }) => [action, actor, subject])).toEqual([
      ['oauth.client_deleted', 'root', 'The app'],
      ['oauth.client_created', 'root', 'The app'],
    ]);
  });

  it.each([
    ['javascript:alert(1)'],
    ['data:text/html,x'],
    ['app:/back'],
    ['/back'],
    ['https://app.example.com/#part'],
    ['https://app.example.com/ä'],
    ['https://app.example.com/\r\nX: y'],
    [''],
  ])('refuses the redirect URI %j', async (uri) => {
    const answer = await askApi(server, 'post', CLIENTS, { as, body: { ...body, redirect_uris: [uri] } });
    expect(answer.status).toBe(400);
  });

  it.each([[{ name: '' }], [{ name: ' ' }], [{ name: 'a\u0007b' }], [{ redirect_uris: [] }], [{ secret: 'mine' }]])(
    'refuses %j',
    async (change) => {
      expect((await askApi(server, 'post', CLIENTS, { as, body: { ...body, ...change } })).status).toBe(400);
    },
  );
});
