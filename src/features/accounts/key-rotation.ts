import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { OPERATOR, recordEvent } from '../audit/audit';
import { replaceTokenKey } from './token-key';
import { resealSecondFactors } from './second-factor-codes';

/** Seals secrets with another key. @returns how many */
export type Reseal = (tx: Db, from: Buffer, to: Buffer) => Promise<number>;

/**
 * Replaces the key that signs tokens, and seals all secrets with the new one, in one transaction. Tokens of
 * engines, forms that are open in browsers and callback addresses of webhooks end; passwords, access tokens, sessions
 * and second factors stay. Running servers take the new key over within seconds.
 *
 * @param resealSources - seals the secrets of build sources
 * @returns how many second factors and build sources there are
 * @throws Error when a secret cannot be read; the old key then stays
 */
export async function rotateTokenKey(
  ctx: Needs<'db'>,
  resealSources: Reseal,
): Promise<{ readonly secondFactors: number; readonly buildSources: number }> {
  return inTransaction(ctx.db, async (tx) => {
    const { from, to } = await replaceTokenKey(tx);
    const secondFactors = await resealSecondFactors(tx, from, to);
    const resealed = { secondFactors, buildSources: await resealSources(tx, from, to) };
    await recordEvent(tx, OPERATOR, { action: 'key.rotated', subject: 'token_key', details: resealed });
    return resealed;
  });
}
