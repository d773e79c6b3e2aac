import { createHmac } from 'node:crypto';
import { hashSecret } from '../../platform/secrets';

/** A link of a hook's chain in one run. */
export interface Link {
  readonly webhookId: number;
  readonly run: string;
  readonly position: number;
}

/**
 * The secret in the callback URL of a link: whoever knows it may say that the chain goes on. It follows from the key of
 * this installation, so that each attempt sends the same and the database need not keep it.
 */
export function callbackId(tokenKey: Buffer, { webhookId, run, position }: Link): string {
  return createHmac('sha256', tokenKey).update(`webhook callback ${webhookId} ${run} ${position}`).digest('hex');
}

/** What the database has of a callback id. */
export function callbackHash(id: string): string {
  return hashSecret(id).toString('hex');
}

/** The path that is to be posted to (protocol 6.3). */
export function callbackPath(repository: { namespace: string; name: string }, id: string): string {
  return `/u/${repository.namespace}/${repository.name}/hook/${id}/`;
}
