import { randomBytes } from 'node:crypto';
import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { isUniqueViolation } from '../../platform/db/sqlstate';
import { AppError, fieldError } from '../../platform/errors';
import { hashSecret } from '../../platform/secrets';
import { recordEvent, type Doer } from '../audit/audit';
import * as store from './access-tokens.store';
import type { AccessLevel, Identity } from '../access/actor';
import { lockAccount } from './locks.store';
import { tellAccount } from './security-notices';

/*
 * An access token is a password for a script or a machine: `ddt_` and 40 characters, 238 random bits. It is stored as a
 * sha256, which is enough because nobody can guess it, however fast they try. It is shown once. It logs in with the
 * account's name, and can do what the account may, within its own access and its list of repositories; see `policy.ts`.
 */

const PREFIX = 'ddt_';
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const CHARACTERS = 40;
const SECRET = new RegExp(`^${PREFIX}[${ALPHABET}]{${CHARACTERS}}$`);
const NAME_LIMIT = 100;
const TOKENS_LIMIT = 100;
const REPOSITORIES_LIMIT = 100;

/** An access token, without its secret. */
export interface AccessToken {
  readonly id: number;
  readonly name: string;
  readonly access: AccessLevel;
  /** full names of the only repositories that it is good for; undefined: all that the account can use */
  readonly repositories: readonly string[] | undefined;
  readonly createdAt: Date;
  readonly expiresAt: Date | undefined;
  /** to the minute */
  readonly lastUsedAt: Date | undefined;
  readonly lastUsedAddress: string | undefined;
}

export interface NewAccessToken {
  readonly name: string;
  readonly access: AccessLevel;
  /** full names (`namespace/name`) */
  readonly repositories?: readonly string[] | undefined;
  readonly expiresAt?: Date | undefined;
}

/** Every character is as likely as any other: bytes beyond a multiple of the alphabet's length are discarded. */
function randomSecret(): string {
  let text = '';
  const bound = 256 - (256 % ALPHABET.length);
  while (text.length < CHARACTERS) {
    for (const byte of randomBytes(CHARACTERS)) {
      if (byte < bound && text.length < CHARACTERS) text += ALPHABET[byte % ALPHABET.length] ?? '';
    }
  }
  return PREFIX + text;
}

/** Whether a password has the form of an access token. */
export function isAccessToken(password: string): boolean {
  return SECRET.test(password);
}

function fromRow(row: store.AccessTokenRow): AccessToken {
  return {
    id: row.id,
    name: row.name,
    access: row.access,
    repositories: row.repositories ?? undefined,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    lastUsedAt: row.last_used_at ?? undefined,
    lastUsedAddress: row.last_used_address ?? undefined,
  };
}

/** The tokens of an account, the oldest first. */
export async function listAccessTokens(ctx: Needs<'db'>, account: { userId: number }): Promise<AccessToken[]> {
  return (await store.listOfUser(ctx.db, account.userId)).map(fromRow);
}

function assertNew(token: NewAccessToken): void {
  const length = [...token.name].length;
  if (length === 0 || length > NAME_LIMIT) {
    throw fieldError('invalid', 'name', `The name of a token must have 1 to ${NAME_LIMIT} characters`);
  }
  const count = token.repositories?.length;
  if (count === 0 || (count ?? 0) > REPOSITORIES_LIMIT) {
    throw fieldError(
      'invalid',
      'repositories',
      `A token must be for all repositories, or for 1 to ${REPOSITORIES_LIMIT} of them`,
    );
  }
  if (token.expiresAt !== undefined && !(token.expiresAt.getTime() > Date.now())) {
    throw fieldError('invalid', 'expires_at', 'The expiry of a token must be in the future');
  }
}

/**
 * Creates an access token.
 *
 * @param account - the account that owns it
 * @returns the token, and its secret, which cannot be shown again
 * @throws AppError `invalid`, `conflict` when the account already has one of this name, or too many tokens
 */
export async function createAccessToken(
  ctx: Needs<'db'>,
  account: { userId: number; username: string },
  token: NewAccessToken,
  doer: Doer,
): Promise<{ token: AccessToken; secret: string }> {
  assertNew(token);
  const secret = randomSecret();
  const { name, access, repositories, expiresAt } = token;
  const row = { userId: account.userId, name, access, repositories, expiresAt, secretHash: hashSecret(secret) };
  try {
    return await inTransaction(ctx.db, async (tx) => {
      await lockAccount(tx, account.userId);
      if ((await store.countOfUser(tx, account.userId)) >= TOKENS_LIMIT) {
        throw new AppError('conflict', `An account can have at most ${TOKENS_LIMIT} access tokens`);
      }
      const made = fromRow(await store.insert(tx, row));
      const details = { token: name, access };
      await recordEvent(tx, doer, { action: 'token.created', subject: account.username, details });
      await tellAccount(tx, account.userId, 'token_created', doer, { detail: name });
      return { token: made, secret };
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw fieldError('conflict', 'name', `An access token named ${name} already exists`, { cause: error });
  }
}

/**
 * Ends a token, and the tokens for pushes and pulls that were obtained with it.
 *
 * @throws AppError `not_found`
 */
export async function revokeAccessToken(
  ctx: Needs<'db'>,
  account: { userId: number; username: string },
  tokenId: number,
  doer: Doer,
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const name = await store.remove(tx, account.userId, tokenId);
    if (name === undefined) throw new AppError('not_found', 'No such access token');
    await recordEvent(tx, doer, { action: 'token.revoked', subject: account.username, details: { token: name } });
    await tellAccount(tx, account.userId, 'token_revoked', doer, { detail: name });
  });
}

/**
 * Checks an access token that was given as a password.
 *
 * @returns the identity, or undefined when it is not this user's, or has ended
 * @throws AppError `inactive`
 */
export async function verifyAccessToken(
  ctx: Needs<'db'>,
  username: string,
  secret: string,
  address: string,
): Promise<Identity | undefined> {
  const row = await store.findBySecret(ctx.db, hashSecret(secret), username);
  if (row === undefined) return undefined;
  if (!row.is_active) throw new AppError('inactive', 'Account is not Active');
  await store.touch(ctx.db, row.id, address);
  return { userId: row.user_id, credentialsEpoch: row.credentials_epoch, accessTokenId: row.id };
}

/** Lets tokens that are for a repository follow it to its new name. */
export async function followRename(tx: Needs<'db'>['db'], from: string, to: string): Promise<void> {
  await store.renameRepository(tx, from, to);
}

/** Lets tokens that are for repositories of a namespace follow it to its new name. */
export async function followNamespace(tx: Needs<'db'>['db'], from: string, to: string): Promise<void> {
  await store.renameNamespace(tx, from, to);
}
