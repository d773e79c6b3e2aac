import type { Needs } from '../../context';
import { containing } from '../../platform/db/query';
import * as store from './user-list.store';
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
