import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { recordEvent, type Doer } from '../audit/audit';
import * as store from './authorizations.store';

/** A program that may act for a user. */
export interface Authorization {
  readonly clientId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** when the account let it; that it refreshes its tokens does not change this */
  readonly since: Date;
  /** when it came last with the tokens that it has now, to five minutes; undefined: not yet */
  readonly lastUsedAt: Date | undefined;
}

/** The programs that may act for a user, by name. */
export async function listGrants(ctx: Needs<'db'>, userId: number): Promise<Authorization[]> {
  const rows = await store.list(ctx.db, userId);
  return rows.map((row) => ({
    clientId: row.client_id,
    name: row.name,
    scopes: row.scopes,
    since: row.since,
    lastUsedAt: row.last_used_at ?? undefined,
  }));
}

/**
 * Lets a program no longer act for a user: all its codes and tokens end.
 *
 * @throws AppError `not_found` when it may not act for him
 */
export async function revokeGrant(
  ctx: Needs<'db'>,
  user: { readonly id: number; readonly username: string },
  clientId: string,
  doer: Doer,
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const name = await store.remove(tx, user.id, clientId);
    if (name === undefined) throw new AppError('not_found', 'This application is not authorized for this account');
    await recordEvent(tx, doer, { action: 'oauth.revoked', subject: user.username, details: { client: clientId } });
  });
}
