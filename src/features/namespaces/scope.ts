import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import { identityOf, isAccount, type Account, type Actor } from '../access/actor';
import { onlyForRepositories, principalFrom } from '../access/current-account';
import { canManage, reachesBeyondRepositories } from '../access/policy';
import { normalizeUsername } from '../accounts/account-rules';
import * as store from './organizations.store';

/** Who asks, and the namespace that was asked for. */
export interface NamespaceScope {
  readonly account: Account;
  readonly namespace: string;
  readonly kind: 'user' | 'organization' | 'library' | 'remote';
  /** the account is in any team of the organization */
  readonly isMember: boolean;
  /** the account may change who belongs to it; see `policy.ts` */
  readonly canManage: boolean;
}

/**
 * Reads who asks, and a namespace.
 *
 * @param name - in any case
 * @throws AppError `unauthenticated` for an anonymous actor, `inactive`, `not_found`; `forbidden` for an access token for
 *   some repositories, whatever namespace it asks for
 */
export async function getNamespaceScope(ctx: Needs<'db'>, actor: Actor, name: string): Promise<NamespaceScope> {
  const row = await store.findNamespaceScope(ctx.db, identityOf(actor), normalizeUsername(name));
  const account = principalFrom(actor, row);
  if (!isAccount(account) || actor.kind === 'token') {
    throw new AppError('unauthenticated', 'Requires authorization');
  }
  if (!reachesBeyondRepositories(account)) throw onlyForRepositories();
  if (row.namespace === null || row.kind === null) throw new AppError('not_found', `No such namespace: ${name}`);
  return {
    account,
    namespace: row.namespace,
    kind: row.kind,
    isMember: row.is_member,
    canManage: canManage(account, { role: row.namespace_role ?? undefined }),
  };
}

/**
 * An organization, for somebody who belongs to it or administrates the site: to others it has no inside.
 *
 * @throws AppError as `getNamespaceScope`; `not_found` also when it is no organization, `forbidden`
 */
export async function getMembersOrganization(ctx: Needs<'db'>, actor: Actor, name: string): Promise<NamespaceScope> {
  const scope = await getNamespaceScope(ctx, actor, name);
  if (scope.kind !== 'organization') throw new AppError('not_found', `No such organization: ${name}`);
  if (!scope.isMember && !scope.canManage) throw new AppError('forbidden', `You are not a member of ${name}`);
  return scope;
}

/**
 * An organization, for one of its owners.
 *
 * @throws AppError as `getNamespaceScope`; `not_found` also when it is no organization, `forbidden`
 */
export async function getOwnersOrganization(ctx: Needs<'db'>, actor: Actor, name: string): Promise<NamespaceScope> {
  const scope = await getNamespaceScope(ctx, actor, name);
  if (scope.kind !== 'organization') throw new AppError('not_found', `No such organization: ${name}`);
  if (!scope.canManage) throw new AppError('forbidden', `Only owners of ${name} can do this`);
  return scope;
}
