import { z } from 'zod';
import type { Db } from '../../../platform/db/db';
import type { ProviderTokens } from '../../../platform/providers/git-provider';
import { seal, unseal } from '../../../platform/sealing';
import * as store from './accounts.store';

/** The tokens of a linked account, as they are sealed. */
export type KeptTokens = Pick<ProviderTokens, 'accessToken' | 'refreshToken'>;

const kept = z.object({ accessToken: z.string(), refreshToken: z.string().optional() });

const tokensOf = (accountId: number) => ({ purpose: 'linked account', owner: String(accountId) });

/** Encrypts the tokens for the database. */
export function sealTokens(tokenKey: Buffer, accountId: number, { accessToken, refreshToken }: KeptTokens): Buffer {
  return seal(tokenKey, tokensOf(accountId), JSON.stringify({ accessToken, refreshToken }));
}

/** @throws Error when they were sealed with another key */
export function unsealTokens(tokenKey: Buffer, accountId: number, sealed: Buffer): KeptTokens {
  const { accessToken, refreshToken } = kept.parse(JSON.parse(unseal(tokenKey, tokensOf(accountId), sealed)));
  return { accessToken, refreshToken };
}

/**
 * Seals the tokens of all linked accounts with another key, in the transaction that replaces the key.
 *
 * @returns how many accounts there are
 * @throws Error when tokens cannot be opened with the old key
 */
export async function resealAccounts(tx: Db, from: Buffer, to: Buffer): Promise<number> {
  const rows = await store.lockAllSealed(tx);
  for (const { id, sealed_tokens: sealed } of rows)
    await store.replaceSealed(tx, id, sealTokens(to, id, unsealTokens(from, id, sealed)));
  return rows.length;
}
