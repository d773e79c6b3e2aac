import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import { identityOf, isAccount, isOperator, type Account, type Actor, type Operator } from '../access/actor';
import { onlyForRepositories, principalFrom } from '../access/current-account';
import { canManage, reachesBeyondRepositories } from '../access/policy';
import { normalizeUsername } from '../accounts/account-rules';
import * as store from './organizations.store';

/** A namespace, and what the actor may do in it. */
export interface NamespaceAccess {
  readonly principal: Account | Operator;
  readonly namespace: string;
  readonly kind: 'user' | 'organization' | 'library' | 'remote';
  /** the account is in any team of the organization */
  readonly isMember: boolean;
  /** the actor may change who belongs to it; see `policy.ts` */
  readonly canManage: boolean;
}

/**
 * Reads a namespace, and what the actor may do in it.
 *
 * @param name - in upper or lower case
 * @throws AppError `unauthenticated` for an anonymous actor, `inactive`, `not_found`; `forbidden` for an access token for
 *   some repositories, whatever namespace it asks for
 */
export async function getNamespaceAccess(ctx: Needs<'db'>, actor: Actor, name: string): Promise<NamespaceAccess> {
  const access = await findAccess(ctx, actor, name);
  if (access === undefined) throw new AppError('not_found', `No such namespace: ${name}`);
  return access;
}

async function findAccess(ctx: Needs<'db'>, actor: Actor, name: string): Promise<NamespaceAccess | undefined> {
  const row = await store.findNamespaceAccess(ctx.db, identityOf(actor), normalizeUsername(name));
  const principal = principalFrom(actor, row);
  if (!(isAccount(principal) || isOperator(principal)) || actor.kind === 'token') {
    throw new AppError('unauthenticated', 'Requires authorization');
  }
  if (!reachesBeyondRepositories(principal)) throw onlyForRepositories();
  if (row.namespace === null || row.kind === null) return undefined;
  return {
    principal,
    namespace: row.namespace,
    kind: row.kind,
    isMember: row.is_member,
    canManage: canManage(principal, { role: row.namespace_role ?? undefined }),
  };
}

async function getOrganization(ctx: Needs<'db'>, actor: Actor, name: string): Promise<NamespaceAccess> {
  const access = await findAccess(ctx, actor, name);
  if (access?.kind !== 'organization') throw new AppError('not_found', `No such organization: ${name}`);
  return access;
}

/**
 * An organization, for its members and site administrators.
 *
 * @throws AppError as `getNamespaceAccess`; `not_found` also when it is not an organization, `forbidden`
 */
export async function getMembersOrganization(ctx: Needs<'db'>, actor: Actor, name: string): Promise<NamespaceAccess> {
  const access = await getOrganization(ctx, actor, name);
  if (!access.isMember && !access.canManage) throw new AppError('forbidden', `You are not a member of ${name}`);
  return access;
}

/**
 * An organization, for one of its owners.
 *
 * @throws AppError as `getNamespaceAccess`; `not_found` also when it is not an organization, `forbidden`
 */
export async function getOwnersOrganization(ctx: Needs<'db'>, actor: Actor, name: string): Promise<NamespaceAccess> {
  const access = await getOrganization(ctx, actor, name);
  if (!access.canManage) throw new AppError('forbidden', `Only owners of ${name} can do this`);
  return access;
}
