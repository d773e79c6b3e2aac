import type { Needs } from '../../context';
import { inLongTransaction, type Db } from '../../platform/db/db';
import { AppError, fieldError } from '../../platform/errors';
import type { Actor } from '../access/actor';
import { assertConfirmed } from '../access/current-account';
import { doerOf } from '../access/doer';
import { followNamespace } from '../accounts/access-tokens';
import { assertOrganizationName, assertUsername, noSuchUser } from '../accounts/account-rules';
import { listActiveOwners } from '../accounts/endings';
import { authorizeAccount, type AuthorizedAccount } from '../accounts/own-account';
import { assertNotRetired, takingName } from '../accounts/retired-names';
import { tellAccount } from '../accounts/security-notices';
import { recordEvent, type Doer } from '../audit/audit';
import { getOwnersOrganization } from '../namespaces/namespace-access';
import { canReadFormer, reservedFormerName } from './former-names';
import { lockRepositories } from './locking';
import * as store from './renaming.store';

/*
 * Renaming an account takes its namespace and all its repositories along, in one transaction. What belongs to the
 * account by its id stays as it is: sessions, tokens, stars, comments, memberships, webhooks. The old name is held:
 * pulls and logins by it go on, pushes do not, and nobody else can take it; see decision 34.
 */

/** How often users may rename their account, and an organization that they own. Administrators are not limited. */
export const RENAME_LIMITS = { renames: 3, days: 30, formerNames: 10 } as const;

/**
 * Renames an account, for the account itself and for administrators.
 *
 * @param to - the new username
 * @returns the new username
 * @throws AppError `invalid`; `conflict` when the name is taken, or belonged to another account, after too many renames,
 *   and for a robot; those of `authorizeAccount` for a `login`
 */
export async function renameAccount(
  ctx: Needs<'db' | 'settings'>,
  actor: Actor,
  username: string,
  to: string,
): Promise<string> {
  const account = await authorizeAccount(ctx, actor, username, 'login');
  assertUsername(to, ctx.settings.hubLimits);
  if (to === account.username) return to;
  await takingName('username', to, () => inLongTransaction(ctx.db, (tx) => rename(tx, actor, account, to)));
  return to;
}

async function rename(tx: Db, actor: Actor, account: AuthorizedAccount, to: string): Promise<void> {
  const { id, username: from, isOwn, doer } = account;
  const user = await store.lockForRename(tx, id);
  if (user === undefined || user.username !== from) throw noSuchUser(from);
  if (user.robot_of !== null) throw new AppError('conflict', `${from} is a robot: its organization gives it its name`);
  if (isOwn) await assertMayRename(tx, from, 'username');
  await assertNotRetired(tx, to, from);
  await store.renameUser(tx, id, to);
  await moveNamespace(tx, actor, from, to);
  await recordEvent(tx, doer, { action: 'user.renamed', subject: from, details: { to } });
  await tellAccount(tx, id, 'renamed', doer, { detail: to });
}

async function assertMayRename(tx: Db, from: string, field: 'username' | 'name'): Promise<void> {
  const { renames, days, formerNames } = RENAME_LIMITS;
  const { held, recent } = await store.countRenames(tx, from, days);
  if (recent >= renames) {
    throw fieldError('conflict', field, `It can be renamed ${renames} times in ${days} days`);
  }
  if (held >= formerNames) {
    const limit = `It can have at most ${formerNames} former names`;
    throw fieldError('conflict', field, `${limit}: ask an administrator to release one`);
  }
}

/**
 * Renames an organization with its repositories, teams and robots, for its owners and administrators. Robots log in by
 * their old names, too.
 *
 * @returns the new name
 * @throws AppError `invalid`; `conflict` when the name is taken, or belonged to another account, and after too many
 *   renames; those of `assertConfirmed` and `getOwnersOrganization`
 */
export async function renameOrganization(
  ctx: Needs<'db' | 'settings'>,
  actor: Actor,
  name: string,
  to: string,
): Promise<string> {
  assertConfirmed(actor);
  const { principal, namespace: from } = await getOwnersOrganization(ctx, actor, name);
  assertOrganizationName(to, ctx.settings.hubLimits);
  if (to === from) return to;
  await takingName('name', to, () =>
    inLongTransaction(ctx.db, async (tx) => {
      if (!(await store.lockOrganization(tx, from))) throw new AppError('not_found', `No such organization: ${from}`);
      if (!principal.isAdmin) await assertMayRename(tx, from, 'name');
      await assertNotRetired(tx, to, from);
      await moveNamespace(tx, actor, from, to);
      await store.renameRobots(tx, from, to);
      const doer = doerOf(actor, principal);
      await recordEvent(tx, doer, { action: 'organization.renamed', subject: from, details: { to } });
      await tellOwners(tx, doer, from, to);
    }),
  );
  return to;
}

async function tellOwners(tx: Db, doer: Doer, from: string, to: string): Promise<void> {
  const detail = `The organization ${from} is now called ${to}`;
  for (const ownerId of await listActiveOwners(tx, to)) {
    await tellAccount(tx, ownerId, 'organization_renamed', doer, { detail });
  }
}

/** Renames a namespace with everything in it. */
async function moveNamespace(tx: Db, actor: Actor, from: string, to: string): Promise<void> {
  await lockRepositories(tx, from);
  const blocked = await store.findBlocked(tx, from, to);
  if (blocked !== undefined) {
    const former = { namespace: to, name: blocked };
    const isReadable = await canReadFormer(tx, actor, former);
    const text = `${to}/${blocked} is the former name of another repository: remove it there first`;
    throw new AppError('conflict', isReadable ? text : reservedFormerName(former));
  }
  await store.renameNamespace(tx, from, to);
  await store.holdFormerName(tx, from, to);
  await store.leaveAliases(tx, from, to);
  await store.followRename(tx, from, to);
  await followNamespace(tx, from, to);
}

/** The names that a namespace had before it was renamed, and still holds, the oldest first. */
export async function listFormerNames(ctx: Needs<'db'>, actor: Actor, username: string): Promise<FormerName[]> {
  const account = await authorizeAccount(ctx, actor, username, 'profile');
  const rows = await store.listHeld(ctx.db, account.username);
  return rows.map(({ name, renamed_at: since }) => ({ name, since }));
}

/** A name that an account had before it was renamed. */
export interface FormerName {
  readonly name: string;
  readonly since: Date;
}
