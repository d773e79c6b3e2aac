import type { QueryResult, QueryResultRow } from 'pg';
import type { Db } from './db';

interface Connection {
  query<R extends QueryResultRow>(query: { name?: string; text: string; values: unknown[] }): Promise<QueryResult<R>>;
}

interface ConnectionSource {
  acquireConnection(): Promise<Connection>;
  releaseConnection(connection: Connection): Promise<void>;
}

async function run<R extends QueryResultRow>(
  db: Db,
  query: { name?: string; text: string; values: unknown[] },
): Promise<R[]> {
  const source = db.client as ConnectionSource;
  const connection = await source.acquireConnection();
  try {
    return (await connection.query<R>(query)).rows;
  } finally {
    await source.releaseConnection(connection);
  }
}

/** One SQL statement with `$1` … parameters; resolves to its rows. Works on the pool and in a transaction. */
export async function query<R extends QueryResultRow>(db: Db, text: string, values: unknown[] = []): Promise<R[]> {
  return run(db, { text, values });
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
  return run(db, { name: statement.name, text: statement.text, values });
}
