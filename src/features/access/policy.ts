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
 * Who may do what: all other code asks this file.
 *
 * The role of an account in a repository is the greatest of:
 *
 *   admin   owner of the namespace: the user with its name, or a member of the organization's owners team
 *   admin   site administrator; the operator, who has no account
 *   write   collaborator
 *   read, write, admin   member of a team that has this access to the repository; robots are members too
 *
 * An access token lowers it to the token's own access, and to nothing in repositories that the token is not for. With a
 * token, an account is a site administrator only if the token is for everything. Inactive accounts and expired or
 * revoked tokens are refused: they do not even have the rights of an anonymous client.
 *
 * What a caller may do elsewhere depends on their credentials. "Limited" is an access token for some repositories,
 * "protocol" is the token that the index gives an engine for one repository, "OAuth" is the token of a program:
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
 * Where the table gives no right, such credentials never allow more than an anonymous caller has. In a repository that
 * it is not for, an access token is an `Outsider` (`principalFrom`). Elsewhere it is refused in the same words whether
 * or not the thing that was asked for exists (`getAccount`, `getNamespaceAccess`). A private repository and a missing
 * one get the same answer for everybody who may not read the private one; only the image list of v1 asks an anonymous
 * caller to log in (decision 5).
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
 * In a namespace, its owners and site administrators create repositories (an access token needs write), and manage the
 * namespace: teams, members, robots, transfers out of it (an access token needs admin). The library has no owner: only
 * site administrators write there.
 *
 * To an automated repository, only its builds push. A build has the rights of the account that set up its source; its
 * Bearer token is for this repository and its base images.
 *
 * A remote repository belongs to another index, whose tokens say who may do what. A caller with such a token is a
 * guest: they may read, and write or delete if the token is for that. The repository has no owner here, and is private
 * to everybody else.
 */

export type Visibility = 'public' | 'unlisted' | 'private';
export const VISIBILITIES = ['public', 'unlisted', 'private'] as const satisfies readonly Visibility[];

/** The facts about a repository, and about the caller in it, that the rules depend on. */
export interface RepositoryFacts {
  /** the role that the account was given there; not yet lowered by its access token */
  readonly role: AccessLevel | undefined;
  readonly visibility: Visibility;
  readonly isRemote: boolean;
  /** built from a source: nobody else pushes to it */
  readonly isAutomated: boolean;
}

/** The facts about a namespace: `admin` for its owners, else undefined. */
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

/** The role of the principal there, lowered by their access token. */
export function roleIn(principal: Principal, { role: given }: RoleFacts): AccessLevel | undefined {
  if (isOperator(principal)) return 'admin';
  if (!isAccount(principal)) return undefined;
  const role = principal.isAdmin ? 'admin' : given;
  const tokenAccess = principal.accessToken?.access;
  return tokenAccess === undefined || role === undefined || includes(tokenAccess, role) ? role : tokenAccess;
}

/** Whether the principal may pull from it, and see that it exists when they ask for it by name. */
export function canRead(principal: Principal, repository: RepositoryFacts): boolean {
  if (repository.visibility !== 'private' || guestAccess(principal, repository) !== undefined) return true;
  return roleIn(principal, repository) !== undefined;
}

/** Whether the principal may push to it. */
export function canWrite(principal: Principal, repository: RoleFacts): boolean {
  const access = guestAccess(principal, repository);
  return access === undefined ? includes(roleIn(principal, repository), 'write') : access === 'write';
}

/** Whether the principal may delete it, and change its settings, who sees it and who else works on it. */
export function canAdminister(principal: Principal, repository: RoleFacts): boolean {
  return guestAccess(principal, repository) === 'delete' || includes(roleIn(principal, repository), 'admin');
}

/**
 * Whether the principal sees and does what the account may beyond single repositories: not with an access token for
 * some of them.
 */
export function reachesBeyondRepositories(principal: Account | Operator): boolean {
  return isOperator(principal) || principal.accessToken?.isLimited !== true;
}

/**
 * Whether the principal may say something about a repository in the account's name: stars, comments, flags. An access
 * token needs write.
 */
export function canParticipate(principal: Principal): principal is Account {
  return isAccount(principal) && includes(principal.accessToken?.access ?? 'admin', 'write');
}

/**
 * Whether the principal may act for the account itself, beyond its repositories: an access token must be for
 * everything.
 */
export function canActForAccount(principal: Account | Operator): boolean {
  if (isOperator(principal)) return true;
  return reachesBeyondRepositories(principal) && includes(principal.accessToken?.access ?? 'admin', 'admin');
}

/** Whether the principal may create repositories in a namespace. */
export function canCreate(principal: Principal, namespace: NamespaceFacts): boolean {
  const isOwner = namespace.role === 'admin' || principal?.isAdmin === true;
  return isOwner && includes(roleIn(principal, namespace), 'write');
}

/** Whether the principal may change who belongs to a namespace, and move repositories out of it. */
export function canManage(principal: Principal, namespace: NamespaceFacts): boolean {
  return includes(roleIn(principal, namespace), 'admin');
}
