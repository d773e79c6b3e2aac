import type { QueryResultRow } from 'pg';
import type { Db } from './db';
import { queryPrepared, type PreparedStatement } from './query';

type Rows = Promise<readonly Readonly<QueryResultRow>[]>;

/** The queries of each pool that are asked for, and have not started. */
const starting = new WeakMap<Db, Map<string, Rows>>();

function waitingOf(db: Db): Map<string, Rows> {
  const known = starting.get(db);
  if (known !== undefined) return known;
  const created = new Map<string, Rows>();
  starting.set(db, created);
  return created;
}

/**
 * Like `queryPrepared`, for reads that many clients ask for at the same moment, such as a fleet that pulls one image:
 * equal queries that arrive while the event loop handles what has come in are one query. It starts after all of them
 * have arrived, so each caller sees everything that was committed before they asked. In a transaction nothing is shared.
 *
 * @returns rows that others may have, too: they are frozen
 */
export async function queryShared<R extends QueryResultRow>(
  db: Db,
  statement: PreparedStatement,
  values: unknown[],
): Promise<readonly Readonly<R>[]> {
  if (db.isTransaction === true) return queryPrepared<R>(db, statement, values);
  const waiting = waitingOf(db);
  const key = JSON.stringify([statement.name, values]);
  const joined = waiting.get(key);
  if (joined !== undefined) return joined as Promise<readonly Readonly<R>[]>;
  const started = new Promise<void>((resolve) => setImmediate(resolve)).then(async () => {
    waiting.delete(key);
    const rows = await queryPrepared<R>(db, statement, values);
    return rows.map((row) => Object.freeze(row));
  });
  waiting.set(key, started);
  return started;
}
