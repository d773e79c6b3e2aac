/*
 * The rules of `policy.ts` in SQL. All queries call the account `u`, its access token `a`, namespaces `n` and
 * repositories `r`. A test checks that the two files agree.
 */

/**
 * Joins the account of a caller without an access token. Postgres sees that the columns of the token are null, so the
 * plan contains nothing that depends on a token.
 *
 * @param user - the placeholder of the account's id, null when anonymous
 */
export function passwordJoins(user: string): string {
  return `cross join (select null::bigint as id, null::access_level as access, null::text[] as repositories) a
    left join users u on u.id = ${user}::bigint`;
}

/**
 * Joins the account and the access token of the caller. There is no `u` when the token is no longer good, and no `a`
 * without a token.
 *
 * @param user - the placeholder of the account's id, null when anonymous
 * @param token - the placeholder of the access token's id, null for a password
 */
export function callerJoins(user: string, token: string): string {
  return `left join access_tokens a on a.id = ${token}::bigint and a.user_id = ${user}::bigint
      and (a.expires_at is null or a.expires_at > now())
    left join users u on u.id = ${user}::bigint and (${token}::bigint is null or a.id is not null)`;
}

/** Whether the account, with this token, is a site administrator. */
export const IS_ADMIN = `(u.is_admin and (a.id is null or (a.access = 'admin' and a.repositories is null)))`;

/** The columns that queries select of a caller without an access token. */
export const PASSWORD_COLUMNS = 'u.id as user_id, u.username, u.credentials_epoch, u.is_active, u.is_admin';

/** The columns that queries select of the caller. */
export const CALLER_COLUMNS = `u.id as user_id, u.username, u.credentials_epoch, u.is_active, ${IS_ADMIN} as is_admin,
  a.id as token_id, a.access as token_access, a.repositories is not null as token_is_limited, u.robot_of`;

/**
 * Whether the caller's access token is for a repository; true without a token.
 *
 * @param fullName - of the repository, in SQL
 */
export function tokenCovers(fullName: string): string {
  return `${isCovered(fullName)} as token_covers`;
}

/**
 * The values of `CALLER_COLUMNS`; all null for an anonymous caller. `PASSWORD_COLUMNS` lacks those of access tokens.
 */
export interface CallerRow {
  user_id: number | null;
  username: string | null;
  credentials_epoch: number | null;
  is_active: boolean | null;
  is_admin: boolean | null;
  token_id?: number | null;
  token_access?: 'read' | 'write' | 'admin' | null;
  /** false without a token */
  token_is_limited?: boolean;
  /** robots have nothing but access tokens */
  robot_of?: string | null;
  /** false: the token is not for the repository that the query is about; missing without a token or a repository */
  token_covers?: boolean;
}

// Functions instead of subqueries: a subquery costs each query its start, though most queries never need it.
const IS_OWNER = `(n.owner_id = u.id or (n.kind = 'organization' and owns_organization(u.id, n.name)))`;

/**
 * The same for queries that do not join the namespace. It is more expensive by itself, so it suits queries that rarely
 * need it.
 */
const IS_OWNER_BY_NAME = 'owns_namespace(u.id, r.namespace)';

/** Whether the token is for this repository. */
function isCovered(fullName: string): string {
  return `(a.repositories is null or ${fullName} = any (a.repositories))`;
}

/**
 * The role of the account in a namespace: admin or null.
 *
 * @param fullName - the full name of the repository in question, in SQL
 */
export function namespaceRole(fullName: string): string {
  return `case when u.id is not null and ${isCovered(fullName)} and ${IS_OWNER} then 'admin' end`;
}

function repositoryRole(isOwner: string): string {
  return `case
    when u.id is null or r.id is null or r.is_remote or not ${isCovered(`(r.namespace || '/' || r.name)`)} then null
    when ${isOwner} or ${IS_ADMIN} then 'admin'::access_level
    else shared_access(u.id, r.id)
  end`;
}

function hasRole(role: string): string {
  return `(coalesce(${IS_ADMIN}, false) or (${role}) is not null)`;
}

/** The role of the account in a repository; `RepositoryFacts.role`. */
export const REPOSITORY_ROLE = repositoryRole(IS_OWNER);

/**
 * The same for queries that only need to know who may read: null for repositories that are not private; needs no
 * namespace.
 */
export const READERS_ROLE = `case when r.visibility = 'private' then (${repositoryRole(IS_OWNER_BY_NAME)}) end`;

/** Whether the caller has any role in the repository. */
export const HAS_ROLE = hasRole(REPOSITORY_ROLE);

/** Whether the caller's access token, if there is one, is for the repository. */
export const COVERED = isCovered(`(r.namespace || '/' || r.name)`);

/** `canRead`, without the namespace. */
export const READABLE = `(r.visibility <> 'private' or ${hasRole(repositoryRole(IS_OWNER_BY_NAME))})`;

/**
 * The same for an account of whom it does not count that it is a site administrator.
 *
 * @param user - the account's id, in SQL
 */
export function readableWithoutAdmin(user: string): string {
  return `(r.visibility <> 'private' or owns_namespace(${user}, r.namespace) or shared_access(${user}, r.id) is not null)`;
}

/** `canWrite`, for accounts. */
export const WRITABLE = `(coalesce(a.access, 'write') >= 'write'
    and (coalesce(${IS_ADMIN}, false) or coalesce((${REPOSITORY_ROLE}) >= 'write', false)))`;

/**
 * Whether search finds the repository.
 *
 * @param hasRole - `HAS_ROLE`, or a query for it: most repositories do not need one
 */
export function findable(hasRole: string): string {
  return `(r.visibility = 'public' or (r.visibility = 'private' and ${hasRole}))`;
}

/** Whether a listing of a namespace shows the repository. */
export const LISTABLE = `(r.visibility = 'public' or ${HAS_ROLE})`;
