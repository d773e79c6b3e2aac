import type { IncomingMessage } from 'node:http';
import { AppError } from '../../platform/errors';
import { readBody } from '../../platform/http/body';

const LIMIT_BYTES = 16 * 1024;

/**
 * The fields of a form that was sent.
 *
 * @throws AppError `invalid` when it is no form, `too_large`
 */
export async function readForm(req: IncomingMessage): Promise<URLSearchParams> {
  const type = req.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') throw new AppError('invalid', 'This is not a form');
  return new URLSearchParams((await readBody(req, LIMIT_BYTES)).toString('utf8'));
}

/**
 * A field that must have something in it.
 *
 * @throws AppError `invalid`
 */
export function requiredField(form: URLSearchParams, name: string): string {
  const value = form.get(name);
  if (value === null || value === '') throw new AppError('invalid', `Missing field: ${name}`);
  return value;
}
