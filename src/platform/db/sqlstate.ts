import { hasCode } from '../error-code';

/** True when `error` says that a unique index refused a row. */
export function isUniqueViolation(error: unknown): boolean {
  return hasCode(error, '23505');
}

/** True when `error` says that a foreign key refused a row or a deletion. */
export function isForeignKeyViolation(error: unknown): boolean {
  return hasCode(error, '23503');
}
