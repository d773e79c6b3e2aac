import { AppError } from '../../platform/errors';
import { entityTag } from '../../platform/http/etag';
import type { Form } from './form';

/*
 * Protects from two people who change one thing at once: a form carries the version of the values that it was filled
 * with, which must still be the present version when the form arrives.
 */

/** The name of the hidden field. */
export const VERSION = 'version';

/** A version of the values with which a form was filled. */
export function versionOf(values: unknown): string {
  return entityTag(JSON.stringify(values));
}

/** @throws AppError `stale` if the values have changed since the form was filled */
export function assertVersion(form: Form, values: unknown): void {
  if (form.text(VERSION) === versionOf(values)) return;
  throw new AppError(
    'stale',
    'Someone else changed this in the meantime. Their version is shown below; save again to overwrite it',
  );
}
