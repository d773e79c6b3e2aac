import OAuth2Server from '@node-oauth/oauth2-server';
import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { recordEvent } from '../audit/audit';
import { accountOf, type Account, type Identity } from '../accounts/actor';
import type { OAuthClient } from './clients';
import * as store from './grants.store';
import { grantModel, type GrantUser } from './model';
import type { Scope } from './scopes';
import { hashSecret, isSecret } from '../../platform/secrets';

/*
 * OAuth 2 as the Hub gave it (protocol 6.2): a user lets a client act for him, by a code that the client changes into
 * tokens. The library knows the rules; here are their transactions, and what is ours in them.
 */

const CODE_SECONDS = 60;

/** How long an access token lasts: the Hub's half a year. */
export const ACCESS_SECONDS = 15_552_000;
const REFRESH_SECONDS = 2 * ACCESS_SECONDS;

/** A refusal that the client is told, in the words of RFC 6749. */
export class GrantError extends Error {
  override readonly name = 'GrantError';

  constructor(
    /** as `invalid_grant` */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** What a client asks of a user, as it stands in the URL. */
export type AuthorizationRequest = Readonly<Record<string, string>>;

/** What a client gets for a code or a refresh token. */
export interface Tokens {
  readonly user: GrantUser;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly scopes: readonly string[];
}

/**
 * Runs a step of the library. What it refuses is a value, so that the transaction around it keeps what was used up: a
 * code that was tried with the wrong verifier is gone.
 */
async function refusalOf<T>(step: () => Promise<T>): Promise<T | GrantError> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof OAuth2Server.OAuthError)) throw error;
    const inner = 'inner' in error ? error.inner : undefined;
    // The library takes a database that does not answer for a refusal of its own.
    if (error instanceof OAuth2Server.ServerError) throw inner instanceof Error ? inner : error;
    return new GrantError(error.name, error.message);
  }
}

function orThrow<T>(result: T | GrantError): T {
  if (result instanceof GrantError) throw result;
  return result;
}

/**
 * Gives a client a code, for a user who has said yes. The client and its redirect URI are checked before (`findClient`).
 *
 * @returns the code, good once and for a minute
 * @throws GrantError for the client to know
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
      return made.authorizationCode;
    }),
  );
  return orThrow(code);
}

/**
 * Changes a code or a refresh token into new tokens; either is good once.
 *
 * @param request - the fields that the client sends
 * @param authorization - its Authorization header, if it has one
 * @throws GrantError
 */
export async function exchange(
  ctx: Needs<'db'>,
  request: Readonly<Record<string, string | undefined>>,
  authorization: string | undefined,
): Promise<Tokens> {
  const token = await inTransaction(ctx.db, (tx) =>
    refusalOf(() => {
      const server = new OAuth2Server({ model: grantModel({ db: tx }, true) });
      // The library reads forms only; what it gets is parsed already.
      const headers: Record<string, string> = {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': '1',
        ...(authorization === undefined ? {} : { authorization }),
      };
      const asked = new OAuth2Server.Request({ method: 'POST', headers, query: {}, body: { ...request } });
      const lifetimes = { accessTokenLifetime: ACCESS_SECONDS, refreshTokenLifetime: REFRESH_SECONDS };
      return server.token(asked, new OAuth2Server.Response(), lifetimes);
    }),
  );
  const { accessToken, refreshToken = '', scope = [], user } = orThrow(token);
  return { user: user as GrantUser, accessToken, refreshToken, scopes: scope };
}

/**
 * Who may act by an access token, and how far; undefined when it is none that is good.
 *
 * @throws AppError `inactive`
 */
export async function findAccessToken(
  ctx: Needs<'db'>,
  token: string,
): Promise<{ account: Account; identity: Identity; scopes: ReadonlySet<Scope> } | undefined> {
  const row = isSecret(token) ? await store.findByAccessHash(ctx.db, hashSecret(token)) : undefined;
  if (row === undefined) return undefined;
  if (!row.is_active) throw new AppError('inactive', 'Account is not Active');
  return {
    account: accountOf(row),
    identity: { userId: row.user_id, credentialsEpoch: row.credentials_epoch },
    scopes: new Set(row.scopes),
  };
}

/** Forgets the codes and tokens that have ended. */
export async function forgetGrants(ctx: Needs<'db'>): Promise<void> {
  await store.deleteEnded(ctx.db);
}
