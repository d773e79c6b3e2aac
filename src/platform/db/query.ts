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
  /** what knex asks before it lends the connection again */
  __knex__disposed?: unknown;
}

interface ConnectionSource {
  acquireConnection(): Promise<Connection>;
  releaseConnection(connection: Connection): Promise<void>;
}

/** Postgres gives a slow statement up by itself; this is for a Postgres, or a network, that does not answer at all. */
const NO_ANSWER_MS = STATEMENT_MS + 2000;

async function runOnce<R extends QueryResultRow>(db: Db, statement: Statement): Promise<R[]> {
  const source = db.client as ConnectionSource;
  const connection = await source.acquireConnection();
  const limit = isWithoutTimeLimit(db) ? {} : { query_timeout: NO_ANSWER_MS };
  try {
    return (await connection.query<R>({ ...statement, ...limit })).rows;
  } catch (error) {
    // Whatever answers late on it would be taken for the answer to the next statement.
    if (error instanceof Error && error.message === 'Query read timeout') connection.__knex__disposed = error;
    throw error;
  } finally {
    await source.releaseConnection(connection);
  }
}

/** A statement outside a transaction is one by itself: when Postgres ended it for another's sake, it is run once more. */
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

/** A statement that each connection parses and plans once: for the reads that every pull repeats. */
export interface PreparedStatement {
  /** unique in the program; also how the server tells statements apart */
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
 * The moment so many milliseconds ago, by the database's clock, as SQL. Rows have their times from that clock, and it may
 * differ from a host's: what is old, or over, is found out in SQL, and never by a moment of the host.
 *
 * @param ageMs - the placeholder of the age
 */
export function agoSql(ageMs: string): string {
  return `(now() - ${ageMs}::float8 * interval '1 millisecond')`;
}

/** The same in the future. @param delayMs - the placeholder of the delay */
export function inSql(delayMs: string): string {
  return `(now() + ${delayMs}::float8 * interval '1 millisecond')`;
}

/** Resolves when Postgres answers. */
export async function ping(db: Db): Promise<void> {
  await query(db, 'select 1');
}

/** The pattern for `like` that finds `text` as it is, anywhere. */
export function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}

/** Which part of a list. */
export interface Range {
  readonly limit: number;
  readonly offset: number;
}

/** A part of what there is, and how much there is in all. */
export interface Page<R> {
  readonly total: number;
  readonly rows: R[];
}

/**
 * A part of what a query finds, and how much it finds in all.
 *
 * @param text - a select with an order, and without a limit
 * @param range - undefined: all of it
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
