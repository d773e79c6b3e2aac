import { randomBytes } from 'node:crypto';
import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import { OPERATOR_ACTOR } from '../access/actor';
import { isReservedName } from './retired-names';
import { createUser } from './users';
import { adminExists } from './users.store';

/** The administrator of a new installation. */
export interface FirstAdministrator {
  readonly username: string;
  readonly password: string;
  readonly email: string | undefined;
}

/**
 * Creates the administrator of a new installation; does nothing if there is one already. Several processes may call it
 * at once.
 *
 * @param wanted - from the configuration; undefined: `admin` with a random password
 * @returns the random password, which must be shown once; undefined if there is none
 * @throws AppError `invalid`, also for a reserved name; `conflict` when the name or address belongs to a user who is not an administrator
 */
export async function ensureAdministrator(
  ctx: Needs<'db' | 'passwords' | 'settings'>,
  wanted: FirstAdministrator | undefined,
): Promise<{ username: string; password: string } | undefined> {
  if (await adminExists(ctx.db)) return undefined;
  const administrator = wanted ?? {
    username: 'admin',
    password: randomBytes(12).toString('base64url'),
    email: undefined,
  };
  if (isReservedName(administrator.username)) {
    const text = `The first administrator cannot be called ${administrator.username}`;
    throw new AppError('invalid', `${text}, which the audit log calls another doer: choose another name`);
  }
  try {
    await createUser(ctx, OPERATOR_ACTOR, { ...administrator, isActive: true, isAdmin: true, isEmailVerified: true });
  } catch (error) {
    if (error instanceof AppError && error.code === 'conflict' && (await adminExists(ctx.db))) return undefined;
    throw error;
  }
  return wanted === undefined ? administrator : undefined;
}
