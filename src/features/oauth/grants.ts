import OAuth2Server from '@node-oauth/oauth2-server';
import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { recordEvent, SERVER } from '../audit/audit';
import { accountOf, type Account, type Identity } from '../access/actor';
import type { OAuthClient } from './clients';
import * as store from './grants.store';
import { tellAccount } from '../accounts/security-notices';
import { grantModel, REFRESH_SECONDS, type GrantUser, type Noticed } from './model';
import type { Scope } from './scopes';
import { hashSecret, isSecret } from '../../platform/secrets';

/*
 * OAuth 2 as the Hub offered it (protocol 6.2): a user lets a client act for them, by a code that the client exchanges
 * for tokens. The library implements the rules; this file has the transactions, and our additions.
 */

const CODE_SECONDS = 60;

/** How long an access token lasts: the Hub's half a year. */
export const ACCESS_SECONDS = 15_552_000;

/** A refusal for the client, in the words of RFC 6749. */
export class GrantError extends Error {
  override readonly name = 'GrantError';

  constructor(
    /** such as `invalid_grant` */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The request of a client to a user, as its parameters are in the URL. */
export type AuthorizationRequest = Readonly<Record<string, string>>;

/** What a client gets for a code or a refresh token. */
export interface Tokens {
  readonly user: GrantUser;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly scopes: readonly string[];
}

/**
 * Runs a step of the library. A refusal is returned as a value, so that the transaction around it is not rolled back: a
 * code that was tried with the wrong verifier is used up.
 */
async function refusalOf<T>(step: () => Promise<T>): Promise<T | GrantError> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof OAuth2Server.OAuthError)) throw error;
    const inner = 'inner' in error ? error.inner : undefined;
    // The library reports a database that does not answer as its own refusal.
    if (error instanceof OAuth2Server.ServerError) throw inner instanceof Error ? inner : error;
    return new GrantError(error.name, error.message);
  }
}

function orThrow<T>(result: T | GrantError): T {
  if (result instanceof GrantError) throw result;
  return result;
}

/**
 * Gives a client a code, for a user who has agreed. The caller has checked the client and its redirect URI
 * (`findClient`).
 *
 * @returns the code, good once and for a minute
 * @throws GrantError with the refusal for the client
 */
export async function authorize(
  ctx: Needs<'db'>,
  request: AuthorizationRequest,
  client: OAuthClient,
  user: { readonly account: Account; readonly identity: Identity; readonly address: string },
): Promise<string> {
  const { account, identity, address } = user;
  const grantUser: GrantUser = { ...identity, username: account.username };
  const code = await inTransaction(ctx.db, (tx) =>
    refusalOf(async () => {
      const server = new OAuth2Server({ model: grantModel({ db: tx }, false) });
      const asked = new OAuth2Server.Request({ method: 'POST', headers: {}, query: {}, body: { ...request } });
      const made = await server.authorize(asked, new OAuth2Server.Response(), {
        authenticateHandler: { handle: () => grantUser },
        authorizationCodeLifetime: CODE_SECONDS,
        allowEmptyState: true,
      });
      const doer = { userId: account.userId, name: account.username, address };
      const details = { client: client.clientId, scope: (made.scope ?? []).join(' ') };
      await recordEvent(tx, doer, { action: 'oauth.authorized', subject: account.username, details });
      await tellAccount(tx, account.userId, 'program_allowed', doer, { detail: client.name });
      return made.authorizationCode;
    }),
  );
  return orThrow(code);
}

/** Carries a refusal out of a transaction that is rolled back. */
class Undone extends Error {
  constructor(readonly refusal: GrantError) {
    super(refusal.message);
  }
}

type Fields = Readonly<Record<string, string | undefined>>;

function askLibrary(tx: Db, request: Fields, authorization: string | undefined, noticed: Noticed) {
  const server = new OAuth2Server({ model: grantModel({ db: tx }, true, noticed) });
  // The library only accepts forms; the request is parsed already.
  const headers: Record<string, string> = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': '1',
    ...(authorization === undefined ? {} : { authorization }),
  };
  const asked = new OAuth2Server.Request({ method: 'POST', headers, query: {}, body: { ...request } });
  const lifetimes = { accessTokenLifetime: ACCESS_SECONDS, refreshTokenLifetime: REFRESH_SECONDS };
  return server.token(asked, new OAuth2Server.Response(), lifetimes);
}

/**
 * Ends all tokens of a code or refresh token that was used twice: another party has a copy of it, or of the tokens from
 * it. It is unknown who holds the newest tokens, so all of them end (RFC 6749, 4.1.2 and 10.4).
 */
async function endReused(ctx: Needs<'db'>, hash: Buffer): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const used = await store.findUsed(tx, hash);
    if (used === undefined || (await store.endFamily(tx, used.family)) === 0) return;
    const details = { client: used.client_id };
    await recordEvent(tx, SERVER, { action: 'oauth.reused', subject: used.username, details });
  });
}

/**
 * Exchanges a code or a refresh token for new tokens; either is good once. If one is used a second time, all tokens
 * that came from it end. A refused refresh, such as one for more scopes than before, changes nothing. A code that is
 * tried with the wrong verifier is used up.
 *
 * @param request - the fields that the client sends
 * @param authorization - its Authorization header, if it has one
 * @throws GrantError
 */
export async function exchange(ctx: Needs<'db'>, request: Fields, authorization: string | undefined): Promise<Tokens> {
  const noticed: Noticed = {};
  const token = await inTransaction(ctx.db, async (tx) => {
    delete noticed.refused;
    const result = await refusalOf(() => askLibrary(tx, request, authorization, noticed));
    if (result instanceof GrantError && request['grant_type'] === 'refresh_token') throw new Undone(result);
    return result;
  }).catch((error: unknown) => {
    if (error instanceof Undone) return error.refusal;
    throw error;
  });
  if (token instanceof GrantError && noticed.refused !== undefined) await endReused(ctx, noticed.refused);
  const { accessToken, refreshToken = '', scope = [], user } = orThrow(token);
  return { user: user as GrantUser, accessToken, refreshToken, scopes: scope };
}

/**
 * The account and the scopes of an access token; undefined when the token is not good. It never gives the rights of an
 * administrator.
 *
 * @throws AppError `inactive`
 */
export async function findAccessToken(
  ctx: Needs<'db'>,
  token: string,
): Promise<{ account: Account; scopes: ReadonlySet<Scope> } | undefined> {
  const row = isSecret(token) ? await store.findByAccessHash(ctx.db, hashSecret(token)) : undefined;
  if (row === undefined) return undefined;
  if (!row.is_active) throw new AppError('inactive', 'Account is not Active');
  return {
    account: accountOf({ ...row, is_admin: false }),
    scopes: new Set(row.scopes),
  };
}

/** Deletes the codes and tokens that have ended. */
export async function forgetGrants(ctx: Needs<'db'>): Promise<void> {
  await store.deleteEnded(ctx.db);
}
