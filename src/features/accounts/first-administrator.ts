import { randomBytes } from 'node:crypto';
import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import { OPERATOR_ACTOR } from '../access/actor';
import { createUser } from './users';
import { adminExists } from './users.store';

/** Who shall administrate a new installation. */
export interface FirstAdministrator {
  readonly username: string;
  readonly password: string;
  readonly email: string | undefined;
}

/**
 * Makes the administrator of a new installation; does nothing once there is one. Several processes may call it at
 * once.
 *
 * @param wanted - from the configuration; undefined: `admin` with a random password
 * @returns the password that was made up and must be shown once, or undefined
 * @throws AppError `invalid`, `conflict` when the name or address belongs to somebody who is no administrator
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
  try {
    await createUser(ctx, OPERATOR_ACTOR, { ...administrator, isActive: true, isAdmin: true, isEmailVerified: true });
  } catch (error) {
    if (error instanceof AppError && error.code === 'conflict' && (await adminExists(ctx.db))) return undefined;
    throw error;
  }
  return wanted === undefined ? administrator : undefined;
}
