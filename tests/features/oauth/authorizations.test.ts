import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { revokeGrant } from '../../../src/features/oauth/authorizations';
import { exchange, findAccessToken, GrantError, type Tokens } from '../../../src/features/oauth/grants';
import type { Db } from '../../../src/platform/db/db';
import { untilOneWaits } from '../../helpers/lock-waits';
import { addClient, codeOf, exchangeCode, type TestClient } from '../../helpers/oauth';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
let client: TestClient;
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  client = await addClient(server);
});
afterEach(() => server.close());

const revoke = (db: Db = server.ctx.db): Promise<void> => revokeGrant({ db }, OPERATOR_ACTOR, 'alice', client.id);

function change(form: Readonly<Record<string, string>>, db: Db = server.ctx.db): Promise<Tokens> {
  return exchange({ db }, { ...form, client_id: client.id, client_secret: client.secret }, undefined);
}

const byRefresh = (token: string) => ({ grant_type: 'refresh_token', refresh_token: token });
const byCode = (code: string) => ({ grant_type: 'authorization_code', code, redirect_uri: client.redirectUri });

async function refreshToken(): Promise<string> {
  const { body } = await exchangeCode(server, client, await codeOf(server, 'alice', client));
  return body.refresh_token as string;
}

/** Makes two calls, the second before the transaction of the first has ended. */
async function beside<A, B>(first: (tx: Db) => Promise<A>, second: () => Promise<B>): Promise<[A, B]> {
  const tx = await server.ctx.db.transaction();
  const done = await first(tx);
  const doing = second();
  doing.catch(() => undefined);
  await untilOneWaits(server.ctx.db);
  await tx.commit();
  return [done, await doing];
}

describe('a program that loses its access', () => {
  it('keeps no tokens that it got by a refresh at that moment', async () => {
    const token = await refreshToken();
    const [tokens] = await beside((tx) => change(byRefresh(token), tx), revoke);
    expect(await findAccessToken(server.ctx, tokens.accessToken)).toBeUndefined();
    await expect(change(byRefresh(tokens.refreshToken))).rejects.toBeInstanceOf(GrantError);
    expect(await server.ctx.db('oauth_tokens')).toEqual([]);
  });

  it('keeps no tokens that it got for a code at that moment', async () => {
    const code = await codeOf(server, 'alice', client);
    const [tokens] = await beside((tx) => change(byCode(code), tx), revoke);
    expect(await findAccessToken(server.ctx, tokens.accessToken)).toBeUndefined();
    expect(await server.ctx.db('oauth_tokens')).toEqual([]);
  });

  it('cannot refresh a token that is revoked at that moment', async () => {
    const token = await refreshToken();
    const refused = beside(revoke, () => change(byRefresh(token)));
    await expect(refused).rejects.toMatchObject({ code: 'invalid_grant' });
    expect(await server.ctx.db('oauth_tokens')).toEqual([]);
  });
});
