import type { Needs } from '../../context';
import { containing } from '../../platform/db/query';
import * as store from './user-list.store';
import type { Actor } from '../access/actor';
import { requireAdministrator } from '../access/current-account';
import { normalizeUsername, noSuchUser } from './account-rules';
import { toUser, type User } from './users';
import { findByUsername } from './users.store';

/** The properties of an account that only administrators change. */
export interface AccountStatus {
  readonly isActive: boolean;
  readonly isAdmin: boolean;
}

/** Which accounts to list; an undefined condition filters nothing. */
export interface UserFilter {
  /** a part of the name, or of an address */
  readonly text?: string | undefined;
  readonly isActive?: boolean | undefined;
  readonly isAdmin?: boolean | undefined;
}

/** An account in the list of all accounts. */
export interface ListedUser extends User {
  /** of its namespace; undefined: a robot, which has none */
  readonly plan: string | undefined;
  /** the last use of any kind, to five minutes; undefined: not known */
  readonly lastSeenAt: Date | undefined;
}

/** Which page of a list, from 1, and its size. */
export interface PageWanted {
  readonly page: number;
  readonly pageSize: number;
}

/**
 * A page of accounts by name, and the total number; for administrators.
 *
 * @throws AppError as `requireAdministrator`
 */
export async function listUsersPage(
  ctx: Needs<'db'>,
  actor: Actor,
  filter: UserFilter,
  { page, pageSize }: PageWanted,
): Promise<{ total: number; users: ListedUser[] }> {
  await requireAdministrator(ctx, actor);
  const { text, isActive, isAdmin } = filter;
  const pattern = text === undefined ? undefined : containing(text.toLowerCase());
  const wanted = { pattern, isActive, isAdmin };
  const rows = await store.list(ctx.db, wanted, pageSize, (page - 1) * pageSize);
  const users = rows.map((row) => ({
    ...toUser(row),
    plan: row.plan ?? undefined,
    lastSeenAt: row.last_seen_at ?? undefined,
  }));
  return { total: await store.count(ctx.db, wanted), users };
}

/**
 * An account, for administrators.
 *
 * @throws AppError `not_found`, and those of `requireAdministrator`
 */
export async function showUser(
  ctx: Needs<'db'>,
  actor: Actor,
  username: string,
): Promise<User & { readonly hasSecondFactor: boolean }> {
  await requireAdministrator(ctx, actor);
  const row = await findByUsername(ctx.db, normalizeUsername(username));
  if (row === undefined) throw noSuchUser(username);
  return { ...toUser(row), hasSecondFactor: row.has_second_factor };
}
