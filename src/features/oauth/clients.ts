import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import type { Range } from '../../platform/db/query';
import { AppError, fieldError } from '../../platform/errors';
import { hashSecret, newSecret } from '../../platform/secrets';
import type { Actor } from '../access/actor';
import { assertConfirmed, requireAdministrator, requireAdministratorLogin } from '../access/current-account';
import { doerOf } from '../access/doer';
import { recordEvent } from '../audit/audit';
import * as store from './clients.store';

/** A third-party program that acts for users who allow it. */
export interface OAuthClient {
  /** the id of its row */
  readonly id: number;
  readonly clientId: string;
  /** what users see */
  readonly name: string;
  /** the URIs that browsers may be redirected to */
  readonly redirectUris: readonly string[];
  readonly createdAt: Date;
}

const CLIENT_ID = /^[0-9a-f]{20}$/;
const NAME_CHARACTERS = 100;
const URIS = 20;
const URI_CHARACTERS = 2000;
/** A web scheme, or a private-use scheme of an app (RFC 8252), which has a dot. */
const SCHEME = /^(https?|[a-z][a-z0-9+-]*\.[a-z0-9+.-]*):$/;

function toClient(row: store.ClientRow): OAuthClient {
  return {
    id: row.id,
    clientId: row.client_id,
    name: row.name,
    redirectUris: row.redirect_uris,
    createdAt: row.created_at,
  };
}

function assertRedirectUri(uri: string): void {
  // Only printable ASCII: the URI is compared byte for byte, and is put into headers.
  const url = /^[\x21-\x7e]+$/.test(uri) && URL.canParse(uri) ? new URL(uri) : undefined;
  const isGood = url !== undefined && SCHEME.test(url.protocol) && !uri.includes('#') && uri.length <= URI_CHARACTERS;
  if (!isGood) throw fieldError('invalid', 'redirect_uris', `Invalid redirect URI: ${uri}`);
}

/**
 * Creates a client, for administrators.
 *
 * @returns the client, and its secret, which is stored nowhere else
 * @throws AppError `invalid`, and those of `assertConfirmed` and `requireAdministratorLogin`
 */
export async function createClient(
  ctx: Needs<'db'>,
  actor: Actor,
  input: { readonly name: string; readonly redirectUris: readonly string[] },
): Promise<{ client: OAuthClient; secret: string }> {
  assertConfirmed(actor);
  const doer = doerOf(actor, await requireAdministratorLogin(ctx, actor));
  const { name, redirectUris } = input;
  const isNamed = name.trim() !== '' && name.length <= NAME_CHARACTERS && !/\p{C}/u.test(name);
  if (!isNamed)
    throw fieldError('invalid', 'name', `The name of a client must have 1 to ${NAME_CHARACTERS} characters`);
  if (redirectUris.length === 0 || redirectUris.length > URIS) {
    throw fieldError('invalid', 'redirect_uris', `A client must have 1 to ${URIS} redirect URIs`);
  }
  for (const uri of redirectUris) assertRedirectUri(uri);
  const [clientId, secret] = [randomBytes(10).toString('hex'), newSecret()];
  return inTransaction(ctx.db, async (tx) => {
    const row = await store.insert(tx, { clientId, secretHash: hashSecret(secret), name, redirectUris });
    await recordEvent(tx, doer, { action: 'oauth.client_created', subject: name, details: { client: clientId } });
    return { client: toClient(row), secret };
  });
}

/** The client, or undefined. */
export async function findClient(ctx: Needs<'db'>, clientId: string): Promise<OAuthClient | undefined> {
  const row = CLIENT_ID.test(clientId) ? await store.find(ctx.db, clientId) : undefined;
  return row && toClient(row);
}

/** The client whose secret this is, or undefined. */
export async function verifyClient(
  ctx: Needs<'db'>,
  clientId: string,
  secret: string,
): Promise<OAuthClient | undefined> {
  const row = CLIENT_ID.test(clientId) ? await store.find(ctx.db, clientId) : undefined;
  return row !== undefined && timingSafeEqual(row.secret_hash, hashSecret(secret)) ? toClient(row) : undefined;
}

/**
 * The clients by name, and their total number; for administrators.
 *
 * @param range - undefined: the whole list
 * @throws AppError as `requireAdministrator`
 */
export async function listClients(
  ctx: Needs<'db'>,
  actor: Actor,
  range?: Range,
): Promise<{ total: number; clients: OAuthClient[] }> {
  await requireAdministrator(ctx, actor);
  const rows = await store.list(ctx.db, range);
  return { total: await store.count(ctx.db), clients: rows.map(toClient) };
}

/**
 * Deletes a client and ends all codes and tokens that it was given; for administrators.
 *
 * @throws AppError `not_found`, and those of `assertConfirmed` and `requireAdministratorLogin`
 */
export async function deleteClient(ctx: Needs<'db'>, actor: Actor, clientId: string): Promise<OAuthClient> {
  assertConfirmed(actor);
  const doer = doerOf(actor, await requireAdministratorLogin(ctx, actor));
  return inTransaction(ctx.db, async (tx) => {
    const row = CLIENT_ID.test(clientId) ? await store.remove(tx, clientId) : undefined;
    if (row === undefined) throw new AppError('not_found', `No such client: ${clientId}`);
    await recordEvent(tx, doer, { action: 'oauth.client_deleted', subject: row.name, details: { client: clientId } });
    return toClient(row);
  });
}
