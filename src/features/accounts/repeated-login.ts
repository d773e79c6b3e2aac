import type { Needs } from '../../context';
import type { Identity } from '../access/actor';
import { normalizeUsername } from './account-rules';
import { verifyCredentials } from './credentials';
import { networkOf } from './login-limits';

/**
 * Checks credentials as `verifyCredentials`, for clients that send the same ones twice: containerd, and docker from 29
 * on, ask for a token with a POST, and with a GET when that is refused. Wrong credentials that the same address sends
 * again within seconds are refused without another try, so that one typo counts as one failed login in a process.
 *
 * @throws AppError as `verifyCredentials`
 */
export async function verifyRepeated(
  ctx: Needs<'db' | 'log' | 'passwords' | 'loginLimiters' | 'recentLogins' | 'recentlySeen' | 'refusedLogins'>,
  name: string,
  password: string,
  address: string,
): Promise<Identity | undefined> {
  const key = [normalizeUsername(name), networkOf(address), password];
  if (ctx.refusedLogins.get(...key) !== undefined) return undefined;
  const identity = await verifyCredentials(ctx, name, password, address);
  if (identity === undefined) ctx.refusedLogins.set({ isRefused: true }, ...key);
  return identity;
}
