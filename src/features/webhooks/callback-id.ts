import { createHmac } from 'node:crypto';
import { hashSecret } from '../../platform/secrets';

/** One URL of a webhook's chain, in one run. */
export interface Link {
  readonly webhookId: number;
  readonly run: string;
  readonly position: number;
}

/**
 * The secret in the callback URL of a link: anyone who knows it may continue the chain. It is derived from the key of
 * this installation, so that each attempt sends the same one and the database need not store it.
 */
export function callbackId(tokenKey: Buffer, { webhookId, run, position }: Link): string {
  return createHmac('sha256', tokenKey).update(`webhook callback ${webhookId} ${run} ${position}`).digest('hex');
}

/** The hash of a callback id, which the database stores. */
export function callbackHash(id: string): string {
  return hashSecret(id).toString('hex');
}

/** The path that the receiver posts to (protocol 6.3). */
export function callbackPath(repository: { namespace: string; name: string }, id: string): string {
  return `/u/${repository.namespace}/${repository.name}/hook/${id}/`;
}
