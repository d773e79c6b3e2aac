import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { AppError } from '../errors';

/** The entity tag of a representation. */
export function entityTag(body: string): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
}

function lists(header: string, tag: string): boolean {
  return header.split(',').some((entry) => ['*', tag, `W/${tag}`].includes(entry.trim()));
}

/** Whether the client already has this representation. */
export function isNotModified(req: IncomingMessage, tag: string): boolean {
  const header = req.headers['if-none-match'];
  return header !== undefined && lists(header, tag);
}

/**
 * Compares `If-Match` with the current version. Call it where nobody else can change the resource before the write: in
 * the transaction, while a lock is held.
 *
 * @param isRequired - whether the header must be present; `*` counts as absent
 * @throws AppError `stale` when it has changed since the client read it, `unconditional` when the header is missing
 */
export function assertMatches(req: IncomingMessage, current: string, isRequired: boolean): void {
  const header = req.headers['if-match'];
  if (header === undefined) {
    if (!isRequired) return;
    throw new AppError('unconditional', 'Send If-Match with the ETag of what you have read, or * to overwrite');
  }
  if (header.split(',').some((entry) => ['*', entityTag(current)].includes(entry.trim()))) return;
  throw new AppError('stale', 'It has changed since you have read it');
}
