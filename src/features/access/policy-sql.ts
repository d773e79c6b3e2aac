/*
 * `policy.ts` for queries. They all call the account `u`, its access token `a`, namespaces `n` and repositories `r`;
 * the two files are held to each other by a test.
 */

/**
 * Joins the account of whoever asks without an access token. Postgres takes the nulls for what they are, so that nothing
 * of what follows from a token is left in the plan.
 *
 * @param user - the placeholder of the account's id, null when anonymous
 */
export function passwordJoins(user: string): string {
  return `cross join (select null::bigint as id, null::access_level as access, null::text[] as repositories) a
    left join users u on u.id = ${user}::bigint`;
}

/**
 * Joins the account and the access token of whoever asks. There is no `u` when the token is not good any more, and no
 * `a` without a token.
 *
 * @param user - the placeholder of the account's id, null when anonymous
 * @param token - the placeholder of the access token's id, null for a password
 */
export function callerJoins(user: string, token: string): string {
  return `left join access_tokens a on a.id = ${token}::bigint and a.user_id = ${user}::bigint
      and (a.expires_at is null or a.expires_at > now())
    left join users u on u.id = ${user}::bigint and (${token}::bigint is null or a.id is not null)`;
}

/** Whether the account, with this token, is an administrator of the site. */
export const IS_ADMIN = `(u.is_admin and (a.id is null or (a.access = 'admin' and a.repositories is null)))`;

/** What the queries select of a caller without an access token. */
export const PASSWORD_COLUMNS = 'u.id as user_id, u.username, u.credentials_epoch, u.is_active, u.is_admin';

/** What the queries select of the caller. */
export const CALLER_COLUMNS = `u.id as user_id, u.username, u.credentials_epoch, u.is_active, ${IS_ADMIN} as is_admin,
  a.id as token_id, a.access as token_access, a.repositories is not null as token_is_limited, u.robot_of`;

/**
 * Whether the caller's access token is for a repository; without one, always.
 *
 * @param fullName - of the repository, in SQL
 */
export function tokenCovers(fullName: string): string {
  return `${isCovered(fullName)} as token_covers`;
}

/** What `CALLER_COLUMNS` hold; all null for nobody. Those of access tokens are missing in `PASSWORD_COLUMNS`. */
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

// Functions, and no subqueries: those would cost each query their start, though most never need them.
const IS_OWNER = `(n.owner_id = u.id or (n.kind = 'organization' and owns_organization(u.id, n.name)))`;

/** The same where the namespace is not joined: dearer by itself, for queries that seldom need to know. */
const IS_OWNER_BY_NAME = 'owns_namespace(u.id, r.namespace)';

/** Whether the token is for this repository. */
function isCovered(fullName: string): string {
  return `(a.repositories is null or ${fullName} = any (a.repositories))`;
}

/**
 * What the account was given in a namespace: admin or null.
 *
 * @param fullName - of the repository that it is about, in SQL
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

/** What the account was given in a repository; `RepositoryFacts.role`. */
export const REPOSITORY_ROLE = repositoryRole(IS_OWNER);

/** The same, where the role decides whether one may read: told of private repositories only, and without the namespace. */
export const READERS_ROLE = `case when r.visibility = 'private' then (${repositoryRole(IS_OWNER_BY_NAME)}) end`;

/** Whether the caller has any role in the repository. */
export const HAS_ROLE = hasRole(REPOSITORY_ROLE);

/** Whether the caller's access token, if there is one, is for the repository. */
export const COVERED = isCovered(`(r.namespace || '/' || r.name)`);

/** `canRead`, without the namespace. */
export const READABLE = `(r.visibility <> 'private' or ${hasRole(repositoryRole(IS_OWNER_BY_NAME))})`;

/** `canWrite`, for accounts. */
export const WRITABLE = `(coalesce(a.access, 'write') >= 'write'
    and (coalesce(${IS_ADMIN}, false) or coalesce((${REPOSITORY_ROLE}) >= 'write', false)))`;

/**
 * Found in search.
 *
 * @param hasRole - `HAS_ROLE`, or a query that tells it: of most repositories nobody needs to know
 */
export function findable(hasRole: string): string {
  return `(r.visibility = 'public' or (r.visibility = 'private' and ${hasRole}))`;
}

/** Found in a listing of a namespace. */
export const LISTABLE = `(r.visibility = 'public' or ${HAS_ROLE})`;
