import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { OPERATOR, recordEvent } from '../audit/audit';
import { replaceTokenKey } from './token-key';
import { resealSecondFactors } from './second-factor-codes';

/** Seals secrets with another key. @returns how many */
export type Reseal = (tx: Db, from: Buffer, to: Buffer) => Promise<number>;

/** Seals the secrets of what stands above accounts. */
export interface Reseals {
  readonly buildSources: Reseal;
  readonly linkedAccounts: Reseal;
}

/** How many secrets were sealed again. */
export type Resealed = Readonly<Record<'secondFactors' | keyof Reseals, number>>;

/**
 * Replaces the key that signs tokens, and seals all secrets with the new one, in one transaction. Tokens of
 * engines, forms that are open in browsers and callback addresses of webhooks end; passwords, access tokens, sessions
 * and second factors stay. Running servers take the new key over within seconds.
 *
 * @returns how many second factors, build sources and linked accounts there are
 * @throws Error when a secret cannot be read; the old key then stays
 */
export async function rotateTokenKey(ctx: Needs<'db'>, reseals: Reseals): Promise<Resealed> {
  return inTransaction(ctx.db, async (tx) => {
    const { from, to } = await replaceTokenKey(tx);
    const secondFactors = await resealSecondFactors(tx, from, to);
    const buildSources = await reseals.buildSources(tx, from, to);
    const linkedAccounts = await reseals.linkedAccounts(tx, from, to);
    const resealed = { secondFactors, buildSources, linkedAccounts };
    await recordEvent(tx, OPERATOR, { action: 'key.rotated', subject: 'token_key', details: resealed });
    return resealed;
  });
}
