import { Secret, TOTP } from 'otpauth';
import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { seal, unseal } from '../../platform/sealing';
import { hashSecret } from '../../platform/secrets';
import { recordLogin } from '../audit/audit';
import { currentTokenKey } from './token-key';
import { tryCode } from './login-limits';
import * as store from './second-factor.store';
import { tellAccount } from './security-notices';

/*
 * Codes of a second factor: six digits of an app (TOTP, RFC 6238), or a recovery code. Each code is good once. Wrong
 * codes are counted for the account, separately from wrong passwords: see `login-limits.ts`.
 */

const PERIOD_SECONDS = 30;
const RECOVERY_CODES = 10;
const RECOVERY_BYTES = 10;

export type Trying = Needs<'db' | 'log' | 'loginLimiters'>;

/** The user whose code it is, and the address that it comes from. */
export interface CodeOf {
  readonly userId: number;
  readonly username: string;
  readonly address: string;
}

function sealOf(userId: number) {
  return { purpose: 'second factor', owner: String(userId) };
}

function totpOf(username: string, secret: Secret): TOTP {
  return new TOTP({
    issuer: 'Drydock',
    label: username,
    algorithm: 'SHA1',
    digits: 6,
    period: PERIOD_SECONDS,
    secret,
  });
}

/** A new secret: in plain text, for the user to see once, and sealed, for the database. */
export async function newTotpSecret(tx: Db, userId: number, username: string) {
  const secret = new Secret({ size: 20 });
  const sealed = seal(await currentTokenKey(tx), sealOf(userId), secret.base32);
  return { secret: secret.base32, uri: totpOf(username, secret).toString(), sealed };
}

/**
 * Seals all secrets with another key.
 *
 * @returns how many
 * @throws Error when one cannot be opened with the old key
 */
export async function resealSecondFactors(tx: Db, from: Buffer, to: Buffer): Promise<number> {
  const rows = await store.lockAll(tx);
  const resealed = rows.map(({ user_id: userId, sealed_secret: sealed }) => {
    const of = sealOf(userId);
    return { userId, sealed: seal(to, of, unseal(from, of, sealed)) };
  });
  await store.replaceSecrets(tx, resealed);
  return resealed.length;
}

/** Creates new recovery codes, which replace the old ones, in groups of four letters, as people copy them. */
export async function createRecoveryCodes(tx: Db, userId: number): Promise<string[]> {
  const codes = Array.from({ length: RECOVERY_CODES }, () => new Secret({ size: RECOVERY_BYTES }).base32.toLowerCase());
  await store.replaceRecoveryCodes(tx, userId, codes.map(hashSecret));
  return codes.map((code) => code.replaceAll(/(.{4})(?=.)/g, '$1-'));
}

/** @param nowSeconds - by the clock of the database: those of hosts may differ by more than a code lasts */
function stepOf(totp: TOTP, token: string, nowSeconds: number): number | undefined {
  const delta = totp.validate({ token, timestamp: nowSeconds * 1000, window: 1 });
  return delta === null ? undefined : Math.floor(nowSeconds / PERIOD_SECONDS) + delta;
}

async function takeCode(ctx: Trying, { userId, username }: CodeOf, given: string, isOn: boolean): Promise<boolean> {
  const code = given.replaceAll(/[\s-]/g, '').toLowerCase();
  return inTransaction(ctx.db, async (tx) => {
    const key = await currentTokenKey(tx);
    const row = await store.lock(tx, userId);
    if (row === undefined || (row.confirmed_at !== null) !== isOn) return false;
    if (!/^\d{6}$/.test(code)) return isOn && store.useRecoveryCode(tx, userId, hashSecret(code));
    const secret = Secret.fromBase32(unseal(key, sealOf(userId), row.sealed_secret));
    const step = stepOf(totpOf(username, secret), code, row.now_seconds);
    if (step === undefined || step <= row.last_step) return false;
    await store.useStep(tx, userId, step);
    return true;
  });
}

/**
 * Uses a code, which is not good again.
 *
 * @param isOn - whether the second factor is on; while it is not, only codes of the app are good
 * @returns whether it was right
 * @throws AppError `busy` after too many wrong codes
 */
export async function useCode(ctx: Trying, user: CodeOf, code: string, isOn = true): Promise<boolean> {
  const { userId, username, address } = user;
  const check = (): Promise<boolean> => takeCode(ctx, user, code, isOn);
  const { isRight, pausedFor } = await tryCode(ctx.loginLimiters, username, check);
  if (isRight) return true;
  const doer = { userId, name: username, address };
  await recordLogin(ctx, doer, { action: 'login.failed', subject: username, details: { reason: 'code' } });
  if (pausedFor !== undefined) {
    const details = { limit: 'code', seconds: pausedFor, reason: 'code' };
    await recordLogin(ctx, doer, { action: 'login.blocked', subject: username, details });
    await tellAccount(ctx.db, userId, 'codes_guessed', doer);
  }
  return false;
}
