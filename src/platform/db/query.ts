import type { QueryResult, QueryResultRow } from 'pg';
import { isWithoutTimeLimit, STATEMENT_MS, type Db } from './db';
import { isTransient, tooContended, translateOutage, translatingOutages } from './outage';

interface Statement {
  readonly name?: string;
  readonly text: string;
  readonly values: unknown[];
}

interface Connection {
  query<R extends QueryResultRow>(query: Statement & { query_timeout?: number }): Promise<QueryResult<R>>;
  /** The flag that knex checks before it lends the connection again. */
  __knex__disposed?: unknown;
}

interface ConnectionSource {
  acquireConnection(): Promise<Connection>;
  releaseConnection(connection: Connection): Promise<void>;
}

/**
 * Postgres cancels a slow statement by itself; this limit is for a Postgres or a network that does not answer at all.
 */
const NO_ANSWER_MS = STATEMENT_MS + 2000;

async function runOnce<R extends QueryResultRow>(db: Db, statement: Statement): Promise<R[]> {
  const source = db.client as ConnectionSource;
  const connection = await source.acquireConnection();
  const limit = isWithoutTimeLimit(db) ? {} : { query_timeout: NO_ANSWER_MS };
  try {
    return (await connection.query<R>({ ...statement, ...limit })).rows;
  } catch (error) {
    // A late answer on this connection would be taken for the answer to the next statement.
    if (error instanceof Error && error.message === 'Query read timeout') connection.__knex__disposed = error;
    throw error;
  } finally {
    await source.releaseConnection(connection);
  }
}

/**
 * A statement outside of a transaction is a transaction by itself: if Postgres aborted it because of another one, it
 * runs once more.
 */
async function run<R extends QueryResultRow>(db: Db, statement: Statement): Promise<R[]> {
  const attempt = (): Promise<R[]> => translatingOutages(() => runOnce<R>(db, statement));
  try {
    return await attempt();
  } catch (error) {
    if (db.isTransaction === true || !isTransient(error)) throw error;
  }
  return attempt().catch((error: unknown) => {
    throw isTransient(error) ? tooContended(error) : translateOutage(error);
  });
}

/** One SQL statement with `$1` … parameters; resolves to its rows. Works on the pool and in a transaction. */
export async function query<R extends QueryResultRow>(db: Db, text: string, values: unknown[] = []): Promise<R[]> {
  return run<R>(db, { text, values });
}

/** A statement that each connection parses and plans only once, for the reads that every pull repeats. */
export interface PreparedStatement {
  /** The name is unique in the program, because the server tells statements apart by it. */
  readonly name: string;
  readonly text: string;
}

/** Like `query`, with a named prepared statement. */
export async function queryPrepared<R extends QueryResultRow>(
  db: Db,
  statement: PreparedStatement,
  values: unknown[],
): Promise<R[]> {
  return run<R>(db, { name: statement.name, text: statement.text, values });
}

/**
 * The moment this many milliseconds ago by the database's clock, as SQL. Rows get their times from that clock, which
 * may differ from a host's. So SQL decides what is old or expired, never the time of the host.
 *
 * @param ageMs - the placeholder of the age
 */
export function agoSql(ageMs: string): string {
  return `(now() - ${ageMs}::float8 * interval '1 millisecond')`;
}

/** Like `agoSql`, in the future. @param delayMs - the placeholder of the delay */
export function inSql(delayMs: string): string {
  return `(now() + ${delayMs}::float8 * interval '1 millisecond')`;
}

/** Resolves when Postgres answers. */
export async function ping(db: Db): Promise<void> {
  await query(db, 'select 1');
}

/** The pattern for `like` that finds `text` literally, at the start. */
export function startingWith(text: string): string {
  return `${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}

/** The pattern for `like` that finds `text` literally, anywhere. */
export function containing(text: string): string {
  return `%${startingWith(text)}`;
}

/** Which part of a list to return. */
export interface Range {
  readonly limit: number;
  readonly offset: number;
}

/** A part of a list, and the length of the whole list. */
export interface Page<R> {
  readonly total: number;
  readonly rows: R[];
}

/**
 * Returns a part of the rows that a query finds, and how many it finds in total.
 *
 * @param text - a select with an order, and without a limit
 * @param range - undefined: all rows
 */
export async function queryPage<R extends QueryResultRow>(
  db: Db,
  text: string,
  values: unknown[],
  range: Range | undefined,
): Promise<Page<R>> {
  if (range === undefined) {
    const all = await query<R>(db, text, values);
    return { total: all.length, rows: all };
  }
  const at = values.length;
  const rows = await query<R>(db, `${text} limit $${at + 1} offset $${at + 2}`, [...values, range.limit, range.offset]);
  const counted = await query<{ count: number }>(db, `select count(*) as count from (${text}) as found`, values);
  return { total: counted[0]?.count ?? 0, rows };
}
