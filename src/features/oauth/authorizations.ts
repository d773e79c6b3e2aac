import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { Actor } from '../access/actor';
import { authorizeAccount } from '../accounts/own-account';
import { recordEvent } from '../audit/audit';
import * as store from './authorizations.store';

/** A program that may act for a user. */
export interface Authorization {
  readonly clientId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** when the account allowed it; refreshing the tokens does not change this */
  readonly since: Date;
  /** when it last used its current tokens, to five minutes; undefined: not yet */
  readonly lastUsedAt: Date | undefined;
}

/**
 * The programs that may act for a user, by name, for the user and for administrators.
 *
 * @throws AppError as `authorizeAccount`
 */
export async function listGrants(ctx: Needs<'db'>, actor: Actor, username: string): Promise<Authorization[]> {
  const { id } = await authorizeAccount(ctx, actor, username, 'profile');
  const rows = await store.list(ctx.db, id);
  return rows.map((row) => ({
    clientId: row.client_id,
    name: row.name,
    scopes: row.scopes,
    since: row.since,
    lastUsedAt: row.last_used_at ?? undefined,
  }));
}

/**
 * Revokes the access of a program to an account, for its owner and for administrators: all its codes and tokens end.
 *
 * @throws AppError `not_found` when it has no access, and those of `authorizeAccount`
 */
export async function revokeGrant(ctx: Needs<'db'>, actor: Actor, username: string, clientId: string): Promise<void> {
  const { doer, ...user } = await authorizeAccount(ctx, actor, username, 'login');
  await inTransaction(ctx.db, async (tx) => {
    const name = await store.remove(tx, user.id, clientId);
    if (name === undefined) throw new AppError('not_found', 'This application is not authorized for this account');
    await recordEvent(tx, doer, { action: 'oauth.revoked', subject: user.username, details: { client: clientId } });
  });
}
