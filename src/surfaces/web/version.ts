import { AppError } from '../../platform/errors';
import { entityTag } from '../../platform/http/etag';
import type { Form } from './form';

/*
 * Two people who change one thing at once: a form carries the version of what it was filled with, and what is there when
 * it arrives has to be of that version still.
 */

/** The name of the hidden field. */
export const VERSION = 'version';

/** Stands for what a form was filled with. */
export function versionOf(values: unknown): string {
  return entityTag(JSON.stringify(values));
}

/** @throws AppError `stale` when what is there is not what the form was filled with */
export function assertVersion(form: Form, values: unknown): void {
  if (form.text(VERSION) === versionOf(values)) return;
  throw new AppError(
    'stale',
    'Someone else changed this in the meantime. Their version is shown below; save again to overwrite it',
  );
}
