import { isAccount, type Principal, type TokenAccess } from '../accounts/actor';
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
 *
 * A remote repository is one of another index, which says by its tokens who may do what: whoever brings one, a guest,
 * may read, and write or delete if the token is for that. It has no owner here, and is private to everybody else.
 */

/** What the rules depend on. */
export interface RepositoryFacts {
  /** who owns the namespace; null for the library, organizations and remote repositories */
  readonly ownerId: number | null;
  readonly isPrivate: boolean;
  readonly isRemote: boolean;
}

/** A repository's, or those of a namespace in which there is none yet. */
type OwnerFacts = Pick<RepositoryFacts, 'ownerId'> & Partial<Pick<RepositoryFacts, 'isRemote'>>;

function isOwner(principal: Principal, ownerId: number | null): boolean {
  return isAccount(principal) && principal.userId === ownerId;
}

/** What the other index allows a guest with one of its own repositories. */
function guestAccess(principal: Principal, { isRemote }: OwnerFacts): TokenAccess | undefined {
  return principal === undefined || isAccount(principal) || isRemote !== true ? undefined : principal.access;
}

/** May see that the repository exists, and pull from it. */
export function canRead(principal: Principal, repository: RepositoryFacts): boolean {
  return (
    !repository.isPrivate || guestAccess(principal, repository) !== undefined || canAdminister(principal, repository)
  );
}

/** May push to it. */
export function canWrite(principal: Principal, repository: OwnerFacts): boolean {
  const access = guestAccess(principal, repository);
  return access === undefined ? canAdminister(principal, repository) : access === 'write';
}

/** May make repositories in a namespace, delete them and change who sees them. */
export function canAdminister(principal: Principal, repository: OwnerFacts): boolean {
  if (guestAccess(principal, repository) === 'delete') return true;
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
  return `(${admin}::boolean or (n.owner_id = ${user}::bigint and not r.is_remote))`;
}

/** Images that pushers of any namespace may build upon without uploading them again. */
export const SHARED_NAMESPACE = LIBRARY;
