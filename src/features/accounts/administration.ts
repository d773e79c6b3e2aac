import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { containing } from '../../platform/db/query';
import { AppError } from '../../platform/errors';
import { recordEvent, type Doer } from '../audit/audit';
import * as store from './administration.store';
import { normalizeUsername } from './rules';
import type { User } from './users';

/** What only administrators decide about an account. */
export interface AccountStatus {
  readonly isActive: boolean;
  readonly isAdmin: boolean;
}

/** Which accounts to list; what is undefined does not matter. */
export interface UserFilter {
  /** a part of the name, or of an address */
  readonly text?: string | undefined;
  readonly isActive?: boolean | undefined;
  readonly isAdmin?: boolean | undefined;
}

/** An account in the list of all. */
export interface ListedUser extends User {
  /** of its namespace; undefined: a robot, which has none */
  readonly plan: string | undefined;
  /** in a browser that is still logged in, or by an access token; undefined: not known */
  readonly lastSeenAt: Date | undefined;
}

/** Which part of a list, from 1, and how large. */
export interface PageWanted {
  readonly page: number;
  readonly pageSize: number;
}

/** A page of accounts by name, and how many there are in all. */
export async function listUsersPage(
  ctx: Needs<'db'>,
  filter: UserFilter,
  { page, pageSize }: PageWanted,
): Promise<{ total: number; users: ListedUser[] }> {
  const { text, isActive, isAdmin } = filter;
  const pattern = text === undefined ? undefined : containing(text.toLowerCase());
  const wanted = { pattern, isActive, isAdmin };
  const rows = await store.list(ctx.db, wanted, pageSize, (page - 1) * pageSize);
  const users = rows.map((row) => ({
    id: row.id,
    username: row.username,
    email: row.email ?? undefined,
    isActive: row.is_active,
    isAdmin: row.is_admin,
    robotOf: row.robot_of ?? undefined,
    createdAt: row.created_at,
    plan: row.plan ?? undefined,
    lastSeenAt: row.last_seen_at ?? undefined,
  }));
  return { total: await store.count(ctx.db, wanted), users };
}

/**
 * Sets whether an account is active and an administrator, for an administrator.
 *
 * @param assertCurrent - refuses, by throwing, to change what is there now
 * @throws AppError `not_found`; `conflict` when nobody would be left to administrate; what `assertCurrent` throws
 */
export async function setStatus(
  ctx: Needs<'db'>,
  username: string,
  status: AccountStatus,
  doer: Doer,
  assertCurrent: (status: AccountStatus) => void = () => undefined,
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const row = await store.lockStatus(tx, normalizeUsername(username));
    if (row === undefined) throw new AppError('not_found', `No such user: ${username}`);
    const before = { isActive: row.is_active, isAdmin: row.is_admin };
    assertCurrent(before);
    const isLoss = before.isAdmin && before.isActive && !(status.isAdmin && status.isActive);
    if (isLoss && !(await store.activeAdminExists(tx, row.id))) {
      throw new AppError('conflict', `${row.username} is the only administrator; make another one first`);
    }
    await store.updateStatus(tx, { id: row.id, is_active: status.isActive, is_admin: status.isAdmin });
    await recordChanges(tx, row.username, { before, after: status }, doer);
  });
}

async function recordChanges(
  tx: Db,
  subject: string,
  { before, after }: { before: AccountStatus; after: AccountStatus },
  doer: Doer,
): Promise<void> {
  if (before.isActive !== after.isActive) {
    await recordEvent(tx, doer, { action: after.isActive ? 'user.activated' : 'user.deactivated', subject });
  }
  if (before.isAdmin !== after.isAdmin) {
    await recordEvent(tx, doer, { action: after.isAdmin ? 'user.admin_granted' : 'user.admin_revoked', subject });
  }
}
