import {
  isAccount,
  isOperator,
  type AccessLevel,
  type Account,
  type Operator,
  type Principal,
  type TokenAccess,
} from './actor';

/*
 * Who may do what. Everything else asks here.
 *
 * What an account has in a repository is its role, the greatest of:
 *
 *   admin   owner of the namespace: the user whose it is, or a member of the organization's owners team
 *   admin   administrator of the site; the operator, who has no account
 *   write   collaborator
 *   read, write, admin   member of a team that has this access to the repository; robots are members, too
 *
 * An access token lowers it to the token's own access, and to nothing in repositories that the token is not for. A
 * token makes an administrator of the site only when it is for everything. An inactive account, an expired or revoked
 * token have no rights, not even a stranger's: they are refused.
 *
 * What is not about a repository depends on what the caller brings. "Limited" is an access token for some repositories,
 * "protocol" the token that the index gives an engine for one repository, "OAuth" the token of a program:
 *
 *                                                   password   token   limited   protocol   OAuth
 *   its repositories, by the role                     yes       yes      yes        yes       -
 *   other repositories, by the role                   yes       yes      -          -         -
 *   other public repositories, as anonymous           yes       yes      yes        -         -
 *   search and listings, by the role                  yes       yes      its own    -         -
 *   search and listings, as anonymous                 yes       yes      yes        yes       -
 *   stars, comments, flags: where it may read         yes       write    its own    -         -
 *   organizations, teams, robots, plans, own lists    yes       yes      -          -         -
 *   profile and addresses                             yes       admin    -          -         by scope
 *   how the account logs in                           yes       -        -          -         -
 *
 * Where the table has no right, such credentials are never more than an anonymous caller: an access token is an
 * `Outsider` in a repository that it is not for (`principalFrom`), and refused in the same words whether or not what was
 * asked is there (`getAccount`, `getNamespaceAccess`). A private repository and a missing one have one answer for
 * everybody who may not read the first; only the image list of v1 asks an anonymous caller to log in (decision 5).
 *
 *                             no role, or anonymous   read   write   admin
 *   read, public                      yes             yes     yes     yes
 *   read, unlisted (by name)          yes             yes     yes     yes
 *   read, private                     no              yes     yes     yes
 *   find in search, public            yes             yes     yes     yes
 *   find in search, unlisted          no              no      no      no
 *   find in search, private           no              yes     yes     yes
 *   find in a listing, public         yes             yes     yes     yes
 *   find in a listing, others         no              yes     yes     yes
 *   push, move tags                   no              no      yes     yes
 *   delete, settings, visibility,     no              no      no      yes
 *   collaborators, webhooks, rename
 *
 * In a namespace, its owners and administrators of the site create repositories (an access token needs write), and
 * manage it: teams, members, robots, transfers out of it (an access token needs admin). The library has no owner: only
 * administrators of the site write there.
 *
 * A remote repository is one of another index, which says by its tokens who may do what: whoever brings one, a guest,
 * may read, and write or delete if the token is for that. It has no owner here, and is private to everybody else.
 */

export type Visibility = 'public' | 'unlisted' | 'private';
export const VISIBILITIES = ['public', 'unlisted', 'private'] as const satisfies readonly Visibility[];

/** What the rules depend on, of a repository and of whoever asks. */
export interface RepositoryFacts {
  /** what the account was given there; not yet lowered by its access token */
  readonly role: AccessLevel | undefined;
  readonly visibility: Visibility;
  readonly isRemote: boolean;
}

/** Of a namespace: `admin` for its owners, else undefined. */
export type NamespaceFacts = Pick<RepositoryFacts, 'role'>;

type RoleFacts = NamespaceFacts & Partial<Pick<RepositoryFacts, 'isRemote'>>;

const RANK: Record<AccessLevel, number> = { read: 1, write: 2, admin: 3 };

/** Whether one access includes the other. */
export function includes(given: AccessLevel | undefined, wanted: AccessLevel): boolean {
  return given !== undefined && RANK[given] >= RANK[wanted];
}

/** What the other index allows a guest with one of its own repositories. */
function guestAccess(principal: Principal, { isRemote }: RoleFacts): TokenAccess | undefined {
  return principal === undefined || isAccount(principal) || isRemote !== true ? undefined : principal.access;
}

/** What the principal has there, its access token considered. */
export function roleIn(principal: Principal, { role: given }: RoleFacts): AccessLevel | undefined {
  if (isOperator(principal)) return 'admin';
  if (!isAccount(principal)) return undefined;
  const role = principal.isAdmin ? 'admin' : given;
  const tokenAccess = principal.accessToken?.access;
  return tokenAccess === undefined || role === undefined || includes(tokenAccess, role) ? role : tokenAccess;
}

/** May pull from it, and see that it exists when it is asked for by name. */
export function canRead(principal: Principal, repository: RepositoryFacts): boolean {
  if (repository.visibility !== 'private' || guestAccess(principal, repository) !== undefined) return true;
  return roleIn(principal, repository) !== undefined;
}

/** May push to it. */
export function canWrite(principal: Principal, repository: RoleFacts): boolean {
  const access = guestAccess(principal, repository);
  return access === undefined ? includes(roleIn(principal, repository), 'write') : access === 'write';
}

/** May delete it, and change its settings, who sees it and who else works on it. */
export function canAdminister(principal: Principal, repository: RoleFacts): boolean {
  return guestAccess(principal, repository) === 'delete' || includes(roleIn(principal, repository), 'admin');
}

/** Sees and does what the account may beyond single repositories: an access token for some of them does not. */
export function reachesBeyondRepositories(principal: Account | Operator): boolean {
  return isOperator(principal) || principal.accessToken?.isLimited !== true;
}

/** May say something of a repository in the account's name: stars, comments, flags. An access token needs write. */
export function canParticipate(principal: Principal): principal is Account {
  return isAccount(principal) && includes(principal.accessToken?.access ?? 'admin', 'write');
}

/** May act for the account itself, beyond its repositories: an access token must be for everything. */
export function canActForAccount(principal: Account | Operator): boolean {
  if (isOperator(principal)) return true;
  return reachesBeyondRepositories(principal) && includes(principal.accessToken?.access ?? 'admin', 'admin');
}

/** May make repositories in a namespace. */
export function canCreate(principal: Principal, namespace: NamespaceFacts): boolean {
  const isOwner = namespace.role === 'admin' || principal?.isAdmin === true;
  return isOwner && includes(roleIn(principal, namespace), 'write');
}

/** May change who belongs to a namespace, and move repositories out of it. */
export function canManage(principal: Principal, namespace: NamespaceFacts): boolean {
  return includes(roleIn(principal, namespace), 'admin');
}
