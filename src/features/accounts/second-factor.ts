import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError, fieldError } from '../../platform/errors';
import { recordEvent } from '../audit/audit';
import type { Account, Actor } from '../access/actor';
import { requireRecentPassword, requirePasswordLogin } from '../access/current-account';
import { doerOf } from '../access/doer';
import { authorizeAccount } from './own-account';
import { createRecoveryCodes, newTotpSecret, useCode, type Trying } from './second-factor-codes';
import * as store from './second-factor.store';
import { tellAccount } from './security-notices';
import { deleteAllBut } from './sessions.store';

/*
 * The second factor of an account. While it is on, the password opens nothing without a code: neither Basic, which has
 * no place for a code, nor a session. Access tokens work as before. All of this requires an actor that logged in by
 * itself, and every change one that gave the password lately.
 */

/** Whether a second factor is on. */
export interface SecondFactor {
  readonly isOn: boolean;
  readonly since: Date | undefined;
  readonly recoveryCodesLeft: number;
}

/** @throws AppError `unauthenticated`, `inactive`, `forbidden` for an access token; changes also `password_needed` */
export async function secondFactorOf(ctx: Needs<'db'>, actor: Actor): Promise<SecondFactor> {
  const { userId } = await requirePasswordLogin(ctx, actor);
  const row = await store.find(ctx.db, userId);
  const since = row?.confirmed_at ?? undefined;
  return { isOn: since !== undefined, since, recoveryCodesLeft: row?.recovery_codes ?? 0 };
}

/**
 * Creates a secret for an app, which replaces one that was not confirmed. The second factor is not on yet.
 *
 * @returns the secret in base32, and the same as a link for a QR code
 * @throws AppError `conflict` when a second factor is on
 */
export async function beginSecondFactor(ctx: Needs<'db'>, actor: Actor): Promise<{ secret: string; uri: string }> {
  const account = await requireRecentPassword(ctx, actor);
  const { userId, username } = account;
  return inTransaction(ctx.db, async (tx) => {
    const { secret, uri, sealed } = await newTotpSecret(tx, userId, username);
    if (!(await store.begin(tx, userId, sealed))) {
      throw new AppError('conflict', 'A second factor is already on: turn it off first');
    }
    await recordEvent(tx, doerOf(actor, account), { action: 'second_factor.begun', subject: username });
    return { secret, uri };
  });
}

async function assertCode(
  ctx: Trying,
  account: Pick<Account, 'userId' | 'username'>,
  given: { actor: Actor; code: string },
  isOn = true,
) {
  const { userId, username } = account;
  const { address } = given.actor;
  if (await useCode(ctx, { userId, username, address }, given.code, isOn)) return;
  throw fieldError(
    'invalid',
    'code',
    'The code is wrong or has already been used: wait for the next one and try again',
  );
}

/**
 * Turns the second factor on with a code of the app. All sessions except the one that asks end, and so do OAuth tokens.
 *
 * @param keptSession - the id of the session that asks; undefined: no session asks
 * @returns the recovery codes, which cannot be shown again
 * @throws AppError `invalid` for a wrong code, `conflict` when no second factor was begun, or one is on, `busy`
 */
export async function confirmSecondFactor(
  ctx: Trying,
  actor: Actor,
  code: string,
  keptSession?: number,
): Promise<{ recoveryCodes: string[] }> {
  const account = await requireRecentPassword(ctx, actor);
  const { userId, username: subject } = account;
  const begun = await store.find(ctx.db, userId);
  if (begun?.confirmed_at !== null) throw new AppError('conflict', 'Start setting up a second factor first');
  await assertCode(ctx, account, { actor, code }, false);
  return inTransaction(ctx.db, async (tx) => {
    const row = await store.lock(tx, userId);
    // Another request may have begun again in between: then the code was not for the current secret.
    if (row?.confirmed_at !== null || row.last_step === 0)
      throw new AppError('conflict', 'Start setting up a second factor first');
    await store.turnOn(tx, userId);
    await deleteAllBut(tx, userId, keptSession);
    if (keptSession !== undefined) await store.keepSession(tx, userId, keptSession);
    await recordEvent(tx, doerOf(actor, account), { action: 'second_factor.turned_on', subject });
    await tellAccount(tx, userId, 'second_factor_on', doerOf(actor, account));
    return { recoveryCodes: await createRecoveryCodes(tx, userId) };
  });
}

async function assertOn(ctx: Needs<'db'>, userId: number): Promise<void> {
  if ((await store.find(ctx.db, userId))?.confirmed_at instanceof Date) return;
  throw new AppError('conflict', 'The second factor is not on');
}

/**
 * Creates new recovery codes; the old ones stop working.
 *
 * @param code - of the app, or one of the old ones
 * @throws AppError `invalid` for a wrong code, `conflict` when no second factor is on, `busy`
 */
export async function renewRecoveryCodes(
  ctx: Trying,
  actor: Actor,
  code: string,
): Promise<{ recoveryCodes: string[] }> {
  const account = await requireRecentPassword(ctx, actor);
  const { userId, username: subject } = account;
  await assertOn(ctx, userId);
  await assertCode(ctx, account, { actor, code });
  return inTransaction(ctx.db, async (tx) => {
    await recordEvent(tx, doerOf(actor, account), { action: 'second_factor.codes_renewed', subject });
    await tellAccount(tx, userId, 'recovery_codes_renewed', doerOf(actor, account));
    return { recoveryCodes: await createRecoveryCodes(tx, userId) };
  });
}

/**
 * Turns a second factor off. Its owner needs a code; administrators and the operator need none: people lose phones.
 *
 * @param given.code - of the app, or a recovery code
 * @throws AppError `invalid` for a wrong code, `conflict` when no second factor is on, `busy`; those of
 *   `authorizeAccount`
 */
export async function turnOffSecondFactor(
  ctx: Trying,
  actor: Actor,
  username: string,
  { code = '' }: { readonly code?: string | undefined } = {},
): Promise<void> {
  const { id, username: subject, isOwn, doer } = await authorizeAccount(ctx, actor, username, 'login');
  if (isOwn) {
    await assertOn(ctx, id);
    await assertCode(ctx, { userId: id, username: subject }, { actor, code });
  }
  await inTransaction(ctx.db, async (tx) => {
    const row = await store.lock(tx, id);
    if (!(row?.confirmed_at instanceof Date)) throw new AppError('conflict', 'The second factor is not on');
    await store.remove(tx, id);
    await recordEvent(tx, doer, { action: 'second_factor.turned_off', subject });
    await tellAccount(tx, id, 'second_factor_off', doer);
  });
}
