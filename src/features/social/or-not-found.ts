import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import { repositoryNotFound } from '../repositories/access';

/**
 * Runs what writes rows that refer to a repository.
 *
 * @throws AppError `not_found` when the repository went in this moment; otherwise whatever `work` throws
 */
export async function orNotFound<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isForeignKeyViolation(error) ? repositoryNotFound(error) : error;
  }
}
