import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OpenIdProvider } from '../../../src/platform/openid/openid-provider';
import type { Logger } from '../../../src/platform/log/logger';

/*
 * A provider that is another one than it should be, or answers nonsense. `tests/surfaces/web/openid.test.ts` signs in
 * with a real one.
 */

let server: Server;
let issuer: string;
let answer: (res: ServerResponse) => void;
beforeAll(async () => {
  server = createServer((_req, res) => answer(res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const SECRETS = { state: 's', nonce: 'n', verifier: 'v'.repeat(43) };
const METADATA = (name: string) => JSON.stringify({ issuer: name, authorization_endpoint: `${issuer}/authorize` });

/** Asks for the way to the provider; resolves to it, or to the error, and the reasons in the log. */
async function ask(provider: OpenIdProvider): Promise<unknown> {
  const asked = { redirectUri: 'https://hub.example.com/callback', isRepeated: false };
  return provider.authorizationUrl(SECRETS, asked).catch((error: unknown) => error);
}

function providerWith(name: string): { provider: OpenIdProvider; reasons: string[] } {
  const reasons: string[] = [];
  const log = { warn: ({ reason }: { reason: string }) => reasons.push(reason) } as unknown as Logger;
  const settings = { issuer: name, clientId: 'drydock', clientSecret: 'secret', name: 'Keycloak', scopes: 'openid' };
  return { provider: new OpenIdProvider(settings, log), reasons };
}

const json = (text: string) => (res: ServerResponse) => {
  res.writeHead(200, { 'Content-Type': 'application/json' }).end(text);
};

it.each<[string, () => (res: ServerResponse) => void, RegExp]>([
  [
    'calls itself otherwise',
    () => json(METADATA('https://login.example.com/realms/main')),
    /^the provider calls itself https:\/\/login\.example\.com\/realms\/main, and that must be the configured issuer/,
  ],
  ['is not there', () => (res) => res.writeHead(404).end(), /\/\.well-known\/openid-configuration answered 404/],
  [
    'answers a page',
    () => (res) => res.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>hello'),
    /content-type|answered 200/,
  ],
  ['answers half a document', () => json('{"issuer":'), /pars/i],
  ['answers without an end', () => json(`"${'x'.repeat(600 * 1024)}"`), /larger than 524288 bytes/],
  ['hangs up', () => (res) => res.socket?.destroy(), /fetch failed/],
])('an issuer that %s cannot be used, and the log says why', async (_what, answering, reason) => {
  answer = answering();
  const { provider, reasons } = providerWith(issuer);
  expect(await ask(provider)).toMatchObject({
    code: 'unavailable',
    message: 'Keycloak cannot be reached, so nobody can sign in with it now',
  });
  expect(reasons).toEqual([expect.stringMatching(reason)]);
  await ask(provider); // the failure of the last seconds is enough for others
  expect(reasons).toHaveLength(1);
});

it('a provider is asked once for all who sign in at the same time', async () => {
  let asked = 0;
  answer = (res) => {
    asked += 1;
    json(METADATA(issuer))(res);
  };
  const { provider } = providerWith(issuer);
  const urls = await Promise.all([ask(provider), ask(provider), ask(provider)]);
  expect(asked).toBe(1);
  const { origin, pathname, searchParams } = new URL(String(urls[0]));
  expect([origin, pathname]).toEqual([issuer, '/authorize']);
  expect(Object.fromEntries(searchParams)).toEqual({
    client_id: 'drydock',
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge_method: 'S256',
    nonce: 'n',
    redirect_uri: 'https://hub.example.com/callback',
    response_type: 'code',
    scope: 'openid',
    state: 's',
  });
});
