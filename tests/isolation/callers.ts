import type { AccessLevel, RepositoryName } from '../../src/features/access/actor';
import { ACTIONS, issueBearerToken } from '../../src/features/tokens/bearer-token';
import { SCOPES, type Scope } from '../../src/features/oauth/scopes';
import { query } from '../../src/platform/db/query';
import { csrfToken } from '../../src/platform/http/csrf';
import { createSession } from '../../src/features/accounts/sessions';
import { newSecret } from '../../src/platform/secrets';
import { addAccessToken } from '../helpers/cast';
import { startPull, startPush } from '../helpers/images';
import { call } from '../helpers/registry-client';
import { accessTokenOf } from '../helpers/oauth';
import { basic, type TestServer } from '../helpers/test-server';
import { isRead, type Door, type SweptRoute } from './routes';
import type { Row } from './rows';

/** A caller of the sweep. */
export interface Caller {
  readonly name: string;
  readonly doors: readonly Door[];
  /** of a browser; the token of its forms is derived from it */
  readonly cookie?: { readonly name: string; readonly secret: string };
  readonly authorization?: string;
  /** whether these credentials give access to the subject of the row */
  readonly may: (row: Row, route: SweptRoute) => boolean;
  /** it acts for the account with the marker, so everything that it may read contains the marker */
  readonly knowsMarker?: true;
  /** it may read what is private, so it knows what exists, and leaves traces of reading */
  readonly reads?: true;
}

const isOpen = ({ who }: Row): boolean => who === 'anyone' || who === 'secret';
const isForAccounts = (row: Row): boolean => isOpen(row) || row.who === 'account';

async function tokenFor(
  server: TestServer,
  username: string,
  token: { access: AccessLevel; repositories?: string[] },
): Promise<string> {
  return basic(username, await addAccessToken(server, username, token));
}

/** Logs in with a browser; resolves to its cookie. */
export async function sessionOf(server: TestServer, username: string): Promise<{ name: string; secret: string }> {
  const identity = await identityOf(server, username);
  const doer = { userId: identity.userId, name: username, address: '127.0.0.1' };
  const { secret } = await createSession(server.ctx, identity, doer, 'a browser');
  return { name: 'drydock_session', secret };
}

/** The headers and the form token of a caller. */
export function credentialsOf(
  server: TestServer,
  caller: Pick<Caller, 'authorization' | 'cookie'>,
): { headers: Record<string, string>; formToken: string | undefined } {
  const { authorization, cookie } = caller;
  const formToken = cookie === undefined ? undefined : csrfToken(server.ctx.tokenKey, cookie.secret);
  const headers = {
    ...(authorization === undefined ? {} : { Authorization: authorization }),
    ...(cookie === undefined ? {} : { Cookie: `${cookie.name}=${cookie.secret}` }),
    ...(formToken === undefined || authorization !== undefined ? {} : { 'X-CSRF-Token': formToken }),
  };
  return { headers, formToken };
}

async function limitedCallers(server: TestServer): Promise<Caller[]> {
  const limited = async (username: string, repository: string): Promise<Caller> => ({
    name: `admin token of ${username} for ${repository}`,
    doors: ['v1', 'v2', 'api'],
    authorization: await tokenFor(server, username, { access: 'admin', repositories: [repository] }),
    may: (row) => isOpen(row) || (row.who === 'account' && row.limited === 'own'),
  });
  const expired = await tokenFor(server, 'alice', { access: 'admin', repositories: ['alice/expired'] });
  await server.ctx
    .db('access_tokens')
    .where({ repositories: ['alice/expired'] })
    .update({ expires_at: new Date(0) });
  return [
    await limited('alice', 'alice/other'),
    // A collaborator of the private repository, a member of the organization's team, a site administrator.
    await limited('dora', 'dora/other'),
    await limited('mona', 'mona/other'),
    await limited('root', 'alice/other'),
    { name: 'expired token of alice', doors: ['v1', 'v2', 'api'], authorization: expired, may: isOpen },
  ];
}

async function engineCallers(server: TestServer): Promise<Caller[]> {
  const deletion = await call(server, 'delete', '/v1/repositories/alice/other/images', {
    authorization: basic('alice'),
    headers: { 'X-Docker-Token': 'true' },
  });
  const tokens = {
    read: await startPull(server, 'alice/other', 'alice'),
    write: await startPush(server, 'alice/other', []),
    delete: `Token ${deletion.headers['x-docker-token']}`,
  };
  return Object.entries(tokens).map(([access, authorization]) => ({
    name: `engine's token to ${access} alice/other`,
    doors: ['v1', 'v2', 'api'],
    authorization,
    may: isOpen,
  }));
}

async function programCallers(server: TestServer): Promise<Caller[]> {
  const program = async (scope: Scope): Promise<Caller> => ({
    name: `OAuth token of alice for ${scope}`,
    doors: ['v1', 'v2', 'api'],
    authorization: `Bearer ${await accessTokenOf(server, 'alice', scope)}`,
    knowsMarker: true,
    may: (row, route) => isOpen(row) || (route.scope === scope && !row.needsStepUp),
  });
  const callers: Caller[] = [];
  for (const scope of SCOPES) callers.push(await program(scope));
  return callers;
}

/** The identity of an account that came with its password. */
async function identityOf(
  { ctx }: TestServer,
  username: string,
): Promise<{ userId: number; credentialsEpoch: number }> {
  const [row] = await query<{ id: number; epoch: number }>(
    ctx.db,
    'select id, credentials_epoch as epoch from users where username = $1',
    [username],
  );
  if (row === undefined) throw new Error(`there is no ${username}`);
  return { userId: row.id, credentialsEpoch: row.epoch };
}

const HIDDEN: readonly RepositoryName[] = ['vault-real', 'vault-none', 'vault-was']
  .map((name) => ({ namespace: 'alice', name }))
  .concat(['base-real', 'base-none'].map((name) => ({ namespace: 'library', name })));

/** Callers of v2 with Bearer tokens; those of other users grant more than the server would, and help as little. */
async function bearerCallers(server: TestServer): Promise<Caller[]> {
  const bearer = async (
    name: string,
    username: string | undefined,
    repositories: readonly RepositoryName[],
    may: Caller['may'],
  ): Promise<Caller> => {
    const identity = username === undefined ? undefined : await identityOf(server, username);
    const grants = repositories.map((repository) => ({ repository, actions: ACTIONS }));
    const token = issueBearerToken(server.ctx.tokenKey, { identity, grants, hasCatalog: username === 'carol' });
    return { name, doors: ['v1', 'v2', 'api'], authorization: `Bearer ${token}`, may };
  };
  const isPing = ({ key }: Row): boolean => key.endsWith(' /v2');
  return [
    await bearer('Bearer token of nobody', undefined, HIDDEN, (row) => isOpen(row) || isPing(row)),
    await bearer(
      'Bearer token of another user',
      'carol',
      HIDDEN,
      (row) => isOpen(row) || isPing(row) || row.key.endsWith('/_catalog'),
    ),
    await bearer('Bearer token of an inactive account', 'sleeper', HIDDEN, isOpen),
    await bearer(
      'Bearer token of alice for alice/other',
      'alice',
      [{ namespace: 'alice', name: 'other' }],
      (row) => isOpen(row) || isPing(row),
    ),
    await bearer(
      'Bearer token of an administrator for alice/other',
      'root',
      [{ namespace: 'alice', name: 'other' }],
      (row) => isOpen(row) || isPing(row),
    ),
  ];
}

/** All callers of the sweep. None may access the private things of alice, except as a row allows. */
export async function castCallers(server: TestServer): Promise<Caller[]> {
  const visit = { name: 'drydock_visit', secret: newSecret() };
  return [
    { name: 'anonymous', doors: ['v1', 'v2', 'api', 'web', 'plain'], cookie: visit, may: isOpen },
    { name: 'stranger', doors: ['v1', 'v2', 'api'], authorization: basic('carol'), may: isForAccounts },
    {
      name: 'stranger in a browser',
      doors: ['api', 'web'],
      cookie: await sessionOf(server, 'carol'),
      may: isForAccounts,
    },
    {
      name: 'robot of another organization',
      doors: ['v1', 'v2', 'api'],
      authorization: await tokenFor(server, 'beta+bot', { access: 'admin' }),
      may: isForAccounts,
    },
    {
      name: 'read token of alice',
      doors: ['v1', 'v2', 'api'],
      authorization: await tokenFor(server, 'alice', { access: 'read' }),
      knowsMarker: true,
      reads: true,
      may: (row, route) => isOpen(row) || (isRead(route) && row.who !== 'site-admin'),
    },
    { name: 'inactive account', doors: ['v1', 'v2', 'api'], authorization: basic('sleeper'), may: isOpen },
    {
      name: 'inactive account in a browser',
      doors: ['api', 'web'],
      cookie: await sessionOf(server, 'sleeper'),
      may: isOpen,
    },
    ...(await limitedCallers(server)),
    ...(await engineCallers(server)),
    ...(await bearerCallers(server)),
    ...(await programCallers(server)),
  ];
}

/** Browsers of alice and of the administrator that did not give the password recently. */
export async function staleCallers(server: TestServer): Promise<Caller[]> {
  const callers: Caller[] = [];
  for (const username of ['alice', 'root']) {
    callers.push({
      name: `stale session of ${username}`,
      doors: ['api', 'web'],
      cookie: await sessionOf(server, username),
      may: ({ needsStepUp }) => !needsStepUp,
      knowsMarker: true,
      reads: true,
    });
  }
  await server.ctx.db.raw(`update sessions set authenticated_at = now() - interval '11 minutes'
    where user_id in (select id from users where username in ('alice', 'root'))`);
  return callers;
}

/** The token of alice for the private repository alone: it may do what a row with `own` says, and no more. */
export async function callerForVault(server: TestServer): Promise<Caller> {
  return {
    name: 'admin token of alice for the private repository',
    doors: ['v1', 'v2', 'api'],
    authorization: await tokenFor(server, 'alice', { access: 'admin', repositories: ['alice/vault-real'] }),
    knowsMarker: true,
    reads: true,
    may: (row) => row.limited !== 'no' || isOpen(row),
  };
}
