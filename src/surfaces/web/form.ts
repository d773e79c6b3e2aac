import type { IncomingMessage } from 'node:http';
import { AppError, fieldError } from '../../platform/errors';
import { readBody } from '../../platform/http/body';

/** Room for the longest description of a repository, with each of its characters of three bytes escaped as nine. */
const LIMIT_BYTES = 512 * 1024;

/** The fields of a form that was sent. */
export class Form {
  constructor(private readonly fields: URLSearchParams) {}

  /** A text without the blanks around it; empty if the field is missing. */
  text(name: string): string {
    return (this.fields.get(name) ?? '').trim();
  }

  /** A text as it was typed, such as a password; empty if the field is missing. */
  raw(name: string): string {
    return this.fields.get(name) ?? '';
  }

  /** A text of several lines, with `\n` instead of the line breaks of forms. */
  lines(name: string): string {
    return this.raw(name).replaceAll('\r\n', '\n');
  }

  /** A text without the blanks around it; undefined if it is empty. */
  optional(name: string): string | undefined {
    const text = this.text(name);
    return text === '' ? undefined : text;
  }

  /** Every field, in the order in which it was sent. */
  entries(): [string, string][] {
    return [...this.fields];
  }

  /** All values of a field, such as checkboxes of one name. */
  all(name: string): string[] {
    return this.fields.getAll(name);
  }

  /** Whether a checkbox is on. */
  isOn(name: string): boolean {
    return this.fields.get(name) !== null;
  }

  /** @throws AppError `not_found` if the field has no number, because nothing has such an id */
  id(name: string): number {
    const text = this.text(name);
    if (!/^\d{1,15}$/.test(text)) throw new AppError('not_found', 'Not found');
    return Number(text);
  }

  /** @throws AppError `invalid` if the field is empty */
  required(name: string, label: string): string {
    const text = this.text(name);
    if (text === '') throw fieldError('invalid', name, `${label} is missing`);
    return text;
  }
}

function hasBody(req: IncomingMessage): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = req.headers;
  return length !== '0' || encoding !== undefined;
}

/**
 * Reads the form of a request.
 *
 * @throws AppError `invalid` if the body is not a form, `too_large`
 */
export async function readForm(req: IncomingMessage): Promise<Form> {
  // A form without fields, as `curl -X POST` sends it, whatever its content type.
  if (!hasBody(req)) return new Form(new URLSearchParams());
  const type = req.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') throw new AppError('invalid', 'The request is not a valid form');
  const fields = new URLSearchParams((await readBody(req, LIMIT_BYTES)).toString('utf8'));
  // No browser sends NUL, and the database cannot store it in text.
  if ([...fields].some((pair) => pair.join().includes('\0')))
    throw new AppError('invalid', 'The request is not a valid form');
  return new Form(fields);
}
