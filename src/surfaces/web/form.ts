import type { IncomingMessage } from 'node:http';
import { AppError } from '../../platform/errors';
import { readBody } from '../../platform/http/body';

/** A full description of a repository, every character of it escaped as three bytes of nine, fits in. */
const LIMIT_BYTES = 512 * 1024;

/** The fields of a form that was sent. */
export class Form {
  constructor(private readonly fields: URLSearchParams) {}

  /** A text without the blanks around it; empty when the field is missing. */
  text(name: string): string {
    return (this.fields.get(name) ?? '').trim();
  }

  /** A text as it was typed, such as a password; empty when the field is missing. */
  raw(name: string): string {
    return this.fields.get(name) ?? '';
  }

  /** A text of lines, with the line ends that everything but forms has. */
  lines(name: string): string {
    return this.raw(name).replaceAll('\r\n', '\n');
  }

  /** A text, or undefined for an empty one. */
  optional(name: string): string | undefined {
    const text = this.text(name);
    return text === '' ? undefined : text;
  }

  /** Every field, in the order in which they were sent. */
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

  /** The number of a thing; one that cannot be any is none. */
  id(name: string): number {
    const text = this.text(name);
    if (!/^\d{1,15}$/.test(text)) throw new AppError('not_found', 'Not found');
    return Number(text);
  }

  /** @throws AppError `invalid` when the field is empty */
  required(name: string, label: string): string {
    const text = this.text(name);
    if (text === '') throw new AppError('invalid', `${label} is missing`);
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
 * @throws AppError `invalid` when it is no form, `too_large`
 */
export async function readForm(req: IncomingMessage): Promise<Form> {
  // A form without fields, as `curl -X POST` sends it, whatever it says of its type.
  if (!hasBody(req)) return new Form(new URLSearchParams());
  const type = req.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') throw new AppError('invalid', 'The request is not a valid form');
  const fields = new URLSearchParams((await readBody(req, LIMIT_BYTES)).toString('utf8'));
  // No browser sends it, and the database keeps no text with it.
  if ([...fields].some((pair) => pair.join().includes('\0')))
    throw new AppError('invalid', 'The request is not a valid form');
  return new Form(fields);
}
