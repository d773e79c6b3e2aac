import { AppError } from '../../platform/errors';
import type { WebHandler } from './access';

type Form = Parameters<WebHandler<'administrator-form'>>[1]['caller']['form'];

/**
 * The id of what a form is about, from its field `id`.
 *
 * @throws AppError `not_found` when nothing can have such an id
 */
export function idFrom(form: Pick<Form, 'text'>): number {
  const text = form.text('id');
  const id = /^[1-9]\d*$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(id)) throw new AppError('not_found', 'There is nothing with this id');
  return id;
}
