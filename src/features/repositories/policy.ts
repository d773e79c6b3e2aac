import type { Principal } from '../accounts/actor';
import { LIBRARY } from './names';

/*
 * Who may do what with a repository. Everything else asks here.
 *
 *                      anonymous   other user   owner of the namespace   administrator
 *   read, public           yes         yes              yes                   yes
 *   read, private          no          no               yes                   yes
 *   write                  no          no               yes                   yes
 *   create, delete,        no          no               yes                   yes
 *   change visibility
 *
 * The library has no owner: only administrators write there.
 */

/** What the rules depend on. */
export interface RepositoryFacts {
  /** who owns the namespace; null for the library and organizations */
  readonly ownerId: number | null;
  readonly isPrivate: boolean;
}

function isOwner(principal: Principal, ownerId: number | null): boolean {
  return principal !== undefined && principal.userId === ownerId;
}

/** May see that the repository exists, and pull from it. */
export function canRead(principal: Principal, repository: RepositoryFacts): boolean {
  return !repository.isPrivate || canAdminister(principal, repository);
}

/** May push to it. */
export function canWrite(principal: Principal, repository: Pick<RepositoryFacts, 'ownerId'>): boolean {
  return canAdminister(principal, repository);
}

/** May make repositories in a namespace, delete them and change who sees them. */
export function canAdminister(principal: Principal, repository: Pick<RepositoryFacts, 'ownerId'>): boolean {
  return principal?.isAdmin === true || isOwner(principal, repository.ownerId);
}

/**
 * `canRead` as SQL, for queries that choose among many repositories; `r` are repositories and `n` their namespaces.
 *
 * @param user - the placeholder of the principal's user id (null when anonymous)
 * @param admin - the placeholder of whether the principal is an administrator
 */
export function readableSql(user: string, admin: string): string {
  return `(not r.is_private or ${administrableSql(user, admin)})`;
}

/** `canWrite` as SQL, like `readableSql`. */
export function writableSql(user: string, admin: string): string {
  return administrableSql(user, admin);
}

function administrableSql(user: string, admin: string): string {
  return `(${admin}::boolean or n.owner_id = ${user}::bigint)`;
}

/** Images that pushers of any namespace may build upon without uploading them again. */
export const SHARED_NAMESPACE = LIBRARY;
