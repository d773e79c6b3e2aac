import { inTransaction, type Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import { hasCode } from '../../platform/error-code';
import { AppError } from '../../platform/errors';

const MATCH_MS = 250;

const INVALID_EXPRESSION = '2201B';
const CANCELLED = '57014';

/** Whether an error is about the expression, or the time that it takes. */
export function isBadExpression(error: unknown): boolean {
  const cause = error instanceof AppError ? error.cause : error;
  return hasCode(cause, INVALID_EXPRESSION, CANCELLED);
}

/** @throws an error that `isBadExpression` when Postgres does not understand it */
export async function tryExpression(tx: Db, source: string): Promise<void> {
  await query(tx, `select '' ~ ('^(?:' || $1::text || ')$')`, [source]);
}

/** Which of the expressions a name matches as a whole; none if that takes too long. */
export async function matchExpressions(db: Db, name: string, sources: readonly string[]): Promise<boolean[]> {
  try {
    return await inTransaction(db, async (tx) => {
      await query(tx, `set local statement_timeout = ${MATCH_MS}`);
      const rows = await query<{ matches: boolean }>(
        tx,
        `select $1::text ~ ('^(?:' || source || ')$') as matches
         from unnest($2::text[]) with ordinality as given (source, at) order by at`,
        [name, sources],
      );
      return rows.map(({ matches }) => matches);
    });
  } catch (error) {
    if (isBadExpression(error)) return sources.map(() => false);
    throw error;
  }
}
