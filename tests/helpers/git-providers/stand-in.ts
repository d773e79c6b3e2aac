import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PROVIDER_KINDS, type ProviderKind, type ProviderSettings } from '../../../src/platform/providers/git-provider';
import { answer, type Answered } from './api';
import { DIALECTS } from './dialects';
import { ProviderState } from './state';

/*
 * A server that answers as GitHub, Bitbucket, GitLab and Gitea do according to their documentation: OAuth, refreshed
 * tokens, lists with pages, hooks, deploy keys, statuses of commits, and errors.
 */

const ROOTS: Record<ProviderKind, string> = {
  github: '/api/v3',
  bitbucket: '/api/2.0',
  gitlab: '/api/v4',
  gitea: '/api/v1',
};
const AUTHORIZE = ['/login/oauth/authorize', '/oauth/authorize', '/site/oauth2/authorize'];
const TOKEN = ['/login/oauth/access_token', '/oauth/token', '/site/oauth2/access_token'];

async function bodyOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function insteadOf(state: ProviderState, path: string): Answered | undefined {
  const found = state.instead.find((one) => path.includes(one.path) && one.times > 0);
  if (found !== undefined) found.times -= 1;
  return found;
}

function revoke(state: ProviderState, accessToken: string): Answered {
  const token = state.tokens.get(accessToken);
  if (token === undefined) return { status: 404, body: { message: 'Not Found' } };
  token.isLive = false;
  token.refresh = undefined;
  return { status: state.kind === 'github' ? 204 : 200, body: {} };
}

/** The requests that need no token of a user. */
function publicAnswer(state: ProviderState, req: IncomingMessage, url: URL, body: string): Answered | undefined {
  const basic = /^Basic (.+)$/.exec(req.headers.authorization ?? '')?.[1];
  if (AUTHORIZE.includes(url.pathname))
    return { status: 302, headers: { Location: state.authorize(url.searchParams) } };
  if (TOKEN.includes(url.pathname)) return state.token(new URLSearchParams(body), basic);
  if (state.kind === 'gitlab' && url.pathname === '/oauth/revoke')
    return revoke(state, new URLSearchParams(body).get('token') ?? '');
  const application = `/api/v3/applications/${state.client.id}/token`;
  if (state.kind !== 'github' || url.pathname !== application || req.method !== 'DELETE') return undefined;
  const expected = Buffer.from(`${state.client.id}:${state.client.secret}`).toString('base64');
  if (basic !== expected) return { status: 401, body: { message: 'Requires authentication' } };
  return revoke(state, (JSON.parse(body) as { access_token: string }).access_token);
}

async function respond(state: ProviderState, req: IncomingMessage, url: URL): Promise<Answered> {
  const body = await bodyOf(req);
  const method = req.method ?? 'GET';
  const root = ROOTS[state.kind];
  const path = url.pathname.startsWith(root) ? url.pathname.slice(root.length) : url.pathname;
  state.asked.push(`${method} ${path}`);
  const instead = insteadOf(state, url.pathname);
  if (instead !== undefined) return instead;
  const open = publicAnswer(state, req, url, body);
  if (open !== undefined) return open;
  const token = state.liveToken(req.headers.authorization);
  if (token === undefined) return { status: 401, body: { message: 'Bad credentials' } };
  const json = body === '' ? {} : (JSON.parse(body) as Record<string, unknown>);
  return answer(state, DIALECTS[state.kind], { method, path, query: url.searchParams, body: json, token });
}

function send(res: ServerResponse, { status, headers = {}, body }: Answered): void {
  res.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  res.end(body === undefined ? '' : JSON.stringify(body));
}

/** The four providers on one socket, each below a path of its own. */
export interface StandIns {
  readonly settings: readonly ProviderSettings[];
  readonly of: Readonly<Record<ProviderKind, ProviderState>>;
  /** Follows a browser to the provider. @returns where the provider sends it back to */
  visit(location: string | undefined): Promise<string>;
  close(): Promise<void>;
}

export async function startGitProviders(): Promise<StandIns> {
  const of = Object.fromEntries(PROVIDER_KINDS.map((kind) => [kind, new ProviderState(kind)])) as StandIns['of'];
  const server = createServer((req, res) => {
    const whole = new URL(req.url ?? '/', 'http://stand-in');
    const [, kind = '', rest = '/'] = /^\/(\w+)(\/.*)$/.exec(whole.pathname) ?? [];
    const state = of[kind as ProviderKind] as ProviderState | undefined;
    if (state === undefined) return send(res, { status: 404, body: {} });
    respond(state, req, new URL(rest + whole.search, whole)).then(
      (answered) => send(res, answered),
      (error: unknown) => send(res, { status: 500, body: { message: String(error) } }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    settings: PROVIDER_KINDS.map((kind) => ({
      kind,
      baseUrl: `${root}/${kind}`,
      clientId: of[kind].client.id,
      clientSecret: of[kind].client.secret,
    })),
    of,
    visit: async (location) => {
      const response = await fetch(location ?? '', { redirect: 'manual' });
      const back = response.headers.get('location');
      if (back === null) throw new Error(`the provider answered ${response.status}: ${await response.text()}`);
      return back;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
