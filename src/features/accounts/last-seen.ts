import type { Needs } from '../../context';
import * as store from './last-seen.store';

/*
 * When an account was last used. Engines send the password with each request, so that a process writes the time of an
 * account once in five minutes. Sessions, access tokens and OAuth tokens have times of their own.
 */

/** Notes that the account has just logged in. Does not wait for anything. */
export function noteSeen(ctx: Needs<'db' | 'log' | 'recentlySeen'>, userId: number): void {
  if (ctx.recentlySeen.has(userId)) return;
  ctx.recentlySeen.set(userId, true);
  store.updateLastSeen(ctx.db, userId).catch((error: unknown) => {
    ctx.log.debug({ err: error }, 'could not note when an account was last seen');
  });
}
