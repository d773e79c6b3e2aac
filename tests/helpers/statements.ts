import type { Db } from '../../src/platform/db/db';

interface Connection {
  query: (statement: unknown, ...rest: unknown[]) => unknown;
}

interface ConnectionSource {
  acquireConnection: () => Promise<Connection>;
}

/**
 * Runs some work, and returns the text of each statement that went to Postgres over this pool during that time,
 * regardless of its sender.
 */
export async function recordStatements<T>(
  db: Db,
  work: () => Promise<T>,
): Promise<{ result: T; statements: readonly string[] }> {
  const statements: string[] = [];
  const source = db.client as ConnectionSource;
  const acquire = source.acquireConnection;
  const restores: (() => void)[] = [];
  const record = (connection: Connection): void => {
    const send = connection.query;
    connection.query = (statement, ...rest) => {
      const { text } = statement as { text?: string };
      statements.push(typeof statement === 'string' ? statement : (text ?? ''));
      return send.call(connection, statement, ...rest);
    };
    restores.push(() => (connection.query = send));
  };
  const seen = new Set<Connection>();
  source.acquireConnection = async () => {
    const connection = await acquire.call(source);
    if (!seen.has(connection)) record(connection);
    seen.add(connection);
    return connection;
  };
  try {
    return { result: await work(), statements };
  } finally {
    source.acquireConnection = acquire;
    for (const restore of restores) restore();
  }
}
