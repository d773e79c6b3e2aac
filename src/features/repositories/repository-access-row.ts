import {
  CALLER_COLUMNS,
  callerJoins,
  namespaceRole,
  PASSWORD_COLUMNS,
  passwordJoins,
  READERS_ROLE,
  REPOSITORY_ROLE,
  tokenCovers,
  type CallerRow,
} from '../access/policy-sql';
import type { PreparedStatement } from '../../platform/db/query';
import type { AccessLevel, Identity, RepositoryName } from '../access/actor';
import type { Visibility } from '../access/policy';
import type { RepositoryState } from '../access/repository-states';

const FACTS = 'r.id as repository_id, r.namespace, r.name, r.state, r.visibility, r.is_remote, r.is_automated';

/** The columns that queries about access select of the repository `r` and of its namespace `n`. */
export const REPOSITORY_COLUMNS = `${FACTS}, ${REPOSITORY_ROLE} as role`;

/**
 * The same for reading only: there is a role only if the repository is private, and the namespace need not be joined.
 */
export const READ_COLUMNS = `${FACTS}, ${READERS_ROLE} as role`;

/** The columns for a repository that was asked for by name; `asked` is that name. */
export const ACCESS_COLUMNS = `${REPOSITORY_COLUMNS}, n.name as namespace_name,
  n.default_visibility, ${namespaceRole(`(asked.namespace || '/' || asked.name)`)} as namespace_role`;

/** Which repository a statement finds. */
interface Asked {
  /** `$first` is the account's id, followed by the access token's, the namespace and the name */
  readonly first: number;
  /**
   * Whether a former name of a repository is enough. Everything is read with one query then, too: a second one would
   * tell what is private from what does not exist.
   */
  readonly followsAliases?: boolean;
}

/**
 * Always one row: the account, the namespace and the repository, each as far as it exists.
 *
 * @param isByToken - whether there is an access token
 */
function accessJoins({ first, followsAliases = false }: Asked, isByToken: boolean): string {
  const [user = '', token = '', namespace = '', name = ''] = [0, 1, 2, 3].map((offset) => `$${first + offset}`);
  const given = `select ${namespace}::text as namespace, ${name}::text as name`;
  const current = `select coalesce(f.namespace, given.namespace) as namespace, coalesce(f.name, given.name) as name
    from (${given}) given
      left join repository_aliases a on a.namespace = given.namespace and a.name = given.name
      left join repositories f on f.id = a.repository_id`;
  const [by, of] = followsAliases ? [current, ['asked.namespace', 'asked.name']] : [given, [namespace, name]];
  return `from (select named.*, ${token}::bigint as token_id from (${by}) named) asked
    ${isByToken ? callerJoins(user, token) : passwordJoins(user)}
    left join namespaces n on n.name = ${of[0]}
    left join repositories r on r.namespace = ${of[0]} and r.name = ${of[1]}`;
}

/** A statement for callers with an access token, and one for those without. */
export interface AccessStatements {
  readonly byToken: PreparedStatement;
  readonly byPassword: PreparedStatement;
}

/** The parts of a statement that depend on whether the caller has an access token. */
export interface CallerSql {
  readonly columns: string;
  readonly joins: string;
}

/**
 * Two statements from one text.
 *
 * @param asked.fullName - the full name of the repository that the access token must be for, in SQL
 * @param asked.joins - their joins; true: for a caller with an access token
 */
export function statementsOf(
  name: string,
  asked: { readonly fullName: string; readonly joins: (isByToken: boolean) => string },
  text: (caller: CallerSql) => string,
): AccessStatements {
  const columns = `${CALLER_COLUMNS}, ${tokenCovers(asked.fullName)}`;
  return {
    byToken: { name: `${name}_by_token`, text: text({ columns, joins: asked.joins(true) }) },
    byPassword: { name, text: text({ columns: PASSWORD_COLUMNS, joins: asked.joins(false) }) },
  };
}

/** Statements about a repository that is given by name; see `accessJoins`. */
export function accessStatements(name: string, asked: Asked, text: (caller: CallerSql) => string): AccessStatements {
  const joins = (isByToken: boolean): string => accessJoins(asked, isByToken);
  return statementsOf(name, { fullName: `(asked.namespace || '/' || asked.name)`, joins }, text);
}

/** The parameters of `accessJoins`. */
export function accessValues(identity: Identity | undefined, name: RepositoryName): unknown[] {
  return [identity?.userId ?? null, identity?.accessTokenId ?? null, name.namespace, name.name];
}

/** The statement for this caller. */
export function statementFor(statements: AccessStatements, identity: Identity | undefined): PreparedStatement {
  return identity?.accessTokenId === undefined ? statements.byPassword : statements.byToken;
}

export interface RepositoryRow {
  repository_id: number | null;
  namespace: string | null;
  name: string | null;
  state: RepositoryState | null;
  visibility: Visibility | null;
  is_remote: boolean | null;
  is_automated: boolean | null;
  role: AccessLevel | null;
}

export interface RepositoryAccessRow extends CallerRow, RepositoryRow {
  /** these three are missing if the query is only for reading */
  namespace_name?: string | null;
  default_visibility?: Visibility | null;
  namespace_role?: 'admin' | null;
}

export type { RepositoryState };
