import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { OPERATOR, recordEvent } from '../audit/audit';
import { replaceTokenKey } from './token-key';
import { resealSecondFactors } from './second-factor-codes';

/**
 * Replaces the key that signs tokens, and seals the second factors with the new one, in one transaction. Tokens of
 * engines, forms that are open in browsers and callback addresses of webhooks end; passwords, access tokens, sessions
 * and second factors stay. Running servers take the new key over within seconds.
 *
 * @returns how many second factors were sealed again
 * @throws Error when a second factor cannot be read; the old key then stays
 */
export async function rotateTokenKey(ctx: Needs<'db'>): Promise<{ secondFactors: number }> {
  return inTransaction(ctx.db, async (tx) => {
    const { from, to } = await replaceTokenKey(tx);
    const secondFactors = await resealSecondFactors(tx, from, to);
    await recordEvent(tx, OPERATOR, { action: 'key.rotated', subject: 'token_key', details: { secondFactors } });
    return { secondFactors };
  });
}
