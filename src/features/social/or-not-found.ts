import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import { repositoryNotFound } from '../repositories/access';

/**
 * Awaits work that writes rows which refer to a repository.
 *
 * @throws AppError `not_found` when the repository was deleted at this moment; otherwise what `work` throws
 */
export async function orNotFound<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isForeignKeyViolation(error) ? repositoryNotFound(error) : error;
  }
}
