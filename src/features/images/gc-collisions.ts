import { isForeignKeyViolation } from '../../platform/db/sqlstate';

const TRIES = 3;

/**
 * Runs `work` again when something begins to point to what it deletes.
 *
 * @throws a foreign key violation when this happens three times
 */
export async function retryAfterCollision<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isForeignKeyViolation(error) || attempt === TRIES) throw error;
    }
  }
}
