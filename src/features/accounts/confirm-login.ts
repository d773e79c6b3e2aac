import type { Needs } from '../../context';
import { recordEvent, type AuditDetails } from '../audit/audit';
import { inTransaction } from '../../platform/db/db';
import { verifyFirstFactor } from './credentials';
import { useCode } from './second-factor-codes';
import * as sessions from './sessions.store';

type Confirming = Needs<'db' | 'log' | 'passwords' | 'loginLimiters' | 'tokenKey' | 'recentLogins' | 'recentlySeen'>;

/** What a user gives to show that the browser is still theirs. */
export interface GivenAgain {
  readonly password: string;
  /** of the app, or a recovery code; ignored if no second factor is on */
  readonly code?: string | undefined;
}

/** A session, by its id, and the user whose it is. */
export interface Own {
  readonly id: number;
  readonly userId: number;
  readonly username: string;
  readonly address: string;
}

export type Confirmation = 'confirmed' | 'wrong' | 'code_needed' | 'wrong_code';

/**
 * Checks the password again, and a code if the second factor is on. For the next ten minutes, the session may then do
 * what `guarded-actions.ts` lists.
 *
 * @throws AppError `busy` after too many wrong passwords or codes, `inactive`
 */
export async function confirmLogin(
  ctx: Confirming,
  session: Own,
  { password, code }: GivenAgain,
): Promise<Confirmation> {
  const { userId, username, address } = session;
  const found = await verifyFirstFactor(ctx, username, password, address);
  if (found?.identity.userId !== userId) return 'wrong';
  if (found.hasSecondFactor) {
    if (code === undefined || code === '') return 'code_needed';
    if (!(await useCode(ctx, { userId, username, address }, code))) return 'wrong_code';
  }
  await confirmSession(ctx, session);
  return 'confirmed';
}

/** The user's session is as good as just begun, because they have just shown that the account is theirs. */
export async function confirmSession(
  ctx: Needs<'db'>,
  { id, userId, username, address }: Own,
  details: AuditDetails = {},
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    await sessions.confirm(tx, id);
    const doer = { userId, name: username, address };
    await recordEvent(tx, doer, { action: 'session.confirmed', subject: username, details });
  });
}
