import { AppError } from '../../platform/errors';

/** The answer about a repository that is not an automated one. */
export function noSource(): AppError {
  return new AppError('not_found', 'This repository has no build source');
}
