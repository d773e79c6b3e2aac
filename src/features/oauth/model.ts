import type OAuth2Server from '@node-oauth/oauth2-server';
import type { Needs } from '../../context';
import { findClient, verifyClient, type OAuthClient } from './clients';
import * as store from './grants.store';
import { DEFAULT_SCOPES, isScope } from './scopes';
import { hashSecret, isSecret, newSecret } from '../../platform/secrets';

/** The account that lets a client act, which the library passes on between its steps. */
export interface GrantUser {
  readonly userId: number;
  readonly username: string;
  readonly credentialsEpoch: number;
  /** on a refresh, when the account agreed; undefined: now */
  readonly authorizedAt?: Date;
  /** the family of the code that the tokens come from; undefined: the code does not exist yet */
  readonly family?: string;
}

/** The observations during the steps of the library. */
export interface Noticed {
  /** the hash of a code or refresh token that was sent and is not good: it may have been used before */
  refused?: Buffer;
}

/** How long refresh tokens last; see `grants.ts`. */
export const REFRESH_SECONDS = 31_104_000;

type Model = OAuth2Server.AuthorizationCodeModel & OAuth2Server.RefreshTokenModel;

/*
 * The library computes the end of codes and tokens by the clock of its host; the database has its own clock. So they
 * exchange durations.
 */
function fromNow(moment: Date): number {
  return moment.getTime() - Date.now();
}

function momentIn(lastsMs: number): Date {
  return new Date(Date.now() + lastsMs);
}

function toLibraryClient(client: OAuthClient): OAuth2Server.Client {
  return {
    id: client.clientId,
    rowId: client.id,
    redirectUris: [...client.redirectUris],
    grants: ['authorization_code', 'refresh_token'],
  };
}

function grantOf(client: OAuth2Server.Client, user: OAuth2Server.User, scopes: readonly string[] = []) {
  const { userId, credentialsEpoch } = user as GrantUser;
  return { clientRowId: client['rowId'] as number, userId, credentialsEpoch, scopes };
}

function ownersOf(row: store.GrantRow): { client: OAuth2Server.Client; user: GrantUser; scope: string[] } {
  const user: GrantUser = {
    userId: row.user_id,
    username: row.username,
    credentialsEpoch: row.credentials_epoch,
    family: row.family,
  };
  return { client: { id: row.client_id, grants: [] }, user, scope: row.scopes };
}

function codesOf(
  ctx: Needs<'db'>,
  noticed: Noticed,
): Pick<Model, 'saveAuthorizationCode' | 'getAuthorizationCode' | 'revokeAuthorizationCode'> {
  return {
    saveAuthorizationCode: async (code, client, user) => {
      await store.insertCode(ctx.db, {
        ...grantOf(client, user, code.scope),
        hash: hashSecret(code.authorizationCode),
        redirectUri: code.redirectUri,
        challenge: code.codeChallenge,
        challengeMethod: code.codeChallengeMethod,
        lastsMs: fromNow(code.expiresAt),
      });
      return { ...code, client, user };
    },
    getAuthorizationCode: async (authorizationCode) => {
      noticed.refused = hashSecret(authorizationCode);
      const row = isSecret(authorizationCode) ? await store.findCode(ctx.db, noticed.refused) : undefined;
      if (row === undefined) return undefined;
      const challenge =
        row.code_challenge === null
          ? {}
          : { codeChallenge: row.code_challenge, codeChallengeMethod: row.code_challenge_method ?? 'S256' };
      const { redirect_uri: redirectUri } = row;
      const expiresAt = momentIn(row.lasts_ms);
      return { authorizationCode, redirectUri, expiresAt, ...challenge, ...ownersOf(row) };
    },
    revokeAuthorizationCode: async ({ authorizationCode }) => {
      const isGood = await store.consumeCode(ctx.db, hashSecret(authorizationCode), REFRESH_SECONDS);
      if (isGood) delete noticed.refused;
      return isGood;
    },
  };
}

function tokensOf(
  ctx: Needs<'db'>,
  noticed: Noticed,
): Pick<Model, 'saveToken' | 'getRefreshToken' | 'revokeToken' | 'getAccessToken'> {
  return {
    saveToken: async (token, client, user) => {
      const { accessToken, refreshToken, accessTokenExpiresAt, refreshTokenExpiresAt } = token;
      if (refreshToken === undefined || accessTokenExpiresAt === undefined || refreshTokenExpiresAt === undefined) {
        throw new Error('a token without a refresh token or an expiry');
      }
      const { authorizedAt, family } = user as GrantUser;
      if (family === undefined) throw new Error('a token without an authorization code');
      await store.insertToken(ctx.db, {
        ...grantOf(client, user, token.scope),
        accessHash: hashSecret(accessToken),
        refreshHash: hashSecret(refreshToken),
        accessLastsMs: fromNow(accessTokenExpiresAt),
        refreshLastsMs: fromNow(refreshTokenExpiresAt),
        authorizedAt,
        family,
      });
      return { ...token, client, user };
    },
    getRefreshToken: async (refreshToken) => {
      noticed.refused = hashSecret(refreshToken);
      const row = isSecret(refreshToken) ? await store.findByRefreshHash(ctx.db, noticed.refused) : undefined;
      if (row === undefined) return undefined;
      const { client, user, scope } = ownersOf(row);
      // The library passes the user on to `saveToken`.
      const owner: GrantUser = { ...user, authorizedAt: row.authorized_at };
      return { refreshToken, refreshTokenExpiresAt: momentIn(row.lasts_ms), client, user: owner, scope };
    },
    revokeToken: async ({ refreshToken }) => {
      const isGood = await store.consumeRefreshToken(ctx.db, hashSecret(refreshToken), REFRESH_SECONDS);
      if (isGood) delete noticed.refused;
      return isGood;
    },
    // The API reads access tokens together with their accounts (access-tokens.ts), without the library.
    getAccessToken: () => Promise.resolve(undefined),
  };
}

/**
 * The model through which the library reads and writes.
 *
 * @param needsSecret - whether the client must authenticate: when it asks for tokens, but not when the user is asked
 * @param noticed - filled in by the steps
 */
export function grantModel(ctx: Needs<'db'>, needsSecret: boolean, noticed: Noticed = {}): Model {
  return {
    getClient: async (clientId, secret: string | null | undefined) => {
      const client = needsSecret ? await verifyClient(ctx, clientId, secret ?? '') : await findClient(ctx, clientId);
      return client && toLibraryClient(client);
    },
    generateAccessToken: () => Promise.resolve(newSecret()),
    generateRefreshToken: () => Promise.resolve(newSecret()),
    generateAuthorizationCode: () => Promise.resolve(newSecret()),
    validateScope: (_user, _client, scope) => {
      const wanted = scope ?? [...DEFAULT_SCOPES];
      return Promise.resolve(wanted.every(isScope) ? [...new Set(wanted)] : undefined);
    },
    ...codesOf(ctx, noticed),
    ...tokensOf(ctx, noticed),
  };
}
