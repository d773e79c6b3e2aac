import { createHash, randomBytes } from 'node:crypto';
import request from 'supertest';
import { OPERATOR_ACTOR } from '../../src/features/access/actor';
import { createClient } from '../../src/features/oauth/clients';
import { askApi, logIn } from './api-client';
import type { TestServer } from './test-server';

/** An app that wants to act for users. */
export interface TestClient {
  readonly id: string;
  readonly secret: string;
  readonly redirectUri: string;
}

const AUTHORIZE = '/api/v1.1/o/authorize/';
export const TOKEN = '/api/v1.1/o/token/';

/** Creates a client with one redirect URI. */
export async function addClient(
  server: TestServer,
  redirectUri = 'https://app.example.com/back',
  ...others: string[]
): Promise<TestClient> {
  const input = { name: 'An <app> & more', redirectUris: [redirectUri, ...others] };
  const { client, secret } = await createClient(server.ctx, OPERATOR_ACTOR, input);
  return { id: client.clientId, secret, redirectUri };
}

/** The link by which a client sends a user. */
export function linkOf(client: TestClient, more: Readonly<Record<string, string>> = {}): string {
  const fields = { client_id: client.id, response_type: 'code', redirect_uri: client.redirectUri, state: 'st&te' };
  return `${AUTHORIZE}?${new URLSearchParams({ ...fields, ...more }).toString()}`;
}

/** The value of the hidden field on the page that asks for consent. */
export function tokenOf(page: string): string {
  return /name="csrf_token" value="([\w-]+)"/.exec(page)?.[1] ?? '';
}

/** What the client receives at the redirect URI. */
export function answerOf(response: request.Response): Record<string, string> {
  expect(response.status).toBe(303);
  return Object.fromEntries(new URL(response.headers['location']!).searchParams);
}

/** A user logs in and consents, in a browser of their own. */
export async function allow(server: TestServer, username: string, link: string): Promise<request.Response> {
  const { Cookie } = await logIn(server, username);
  const page = await request(server.server).get(link).set('Cookie', Cookie);
  const form = { step: 'allow', csrf_token: tokenOf(page.text) };
  return request(server.server).post(link).set('Cookie', Cookie).type('form').redirects(0).send(form);
}

/** The code that a user's consent gives. */
export async function codeOf(
  server: TestServer,
  username: string,
  client: TestClient,
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { code } = answerOf(await allow(server, username, linkOf(client, more)));
  if (code === undefined) throw new Error('the client got no code');
  return code;
}

/** Asks for tokens, with the client's credentials by Basic. */
export async function askForTokens(
  server: TestServer,
  client: Pick<TestClient, 'id' | 'secret'>,
  form: Readonly<Record<string, string>>,
): Promise<request.Response> {
  const credentials = Buffer.from(`${client.id}:${client.secret}`).toString('base64');
  return askApi(server, 'post', TOKEN, { form, headers: { Authorization: `Basic ${credentials}` } });
}

/** Exchanges a code for tokens. */
export async function exchangeCode(
  server: TestServer,
  client: TestClient,
  code: string,
  more: Readonly<Record<string, string>> = {},
): Promise<request.Response> {
  const form = { grant_type: 'authorization_code', code, redirect_uri: client.redirectUri, ...more };
  return askForTokens(server, client, form);
}

/** An access token of these scopes. */
export async function accessTokenOf(server: TestServer, username: string, scope: string): Promise<string> {
  const client = await addClient(server);
  const answer = await exchangeCode(server, client, await codeOf(server, username, client, { scope }));
  expect(answer.status).toBe(200);
  return answer.body.access_token as string;
}

/** A PKCE secret, and the challenge that the client sends first. */
export function pkce(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}
