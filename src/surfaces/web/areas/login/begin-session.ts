import type { IncomingMessage } from 'node:http';
import type { Context } from '../../../../context';
import { verifyPassword } from '../../../../features/accounts/credentials';
import { createSession, endSession, SESSION_SECONDS } from '../../../../features/accounts/sessions';
import { getUser } from '../../../../features/accounts/users';
import { readSessionCookie, sessionCookie } from '../../../../platform/http/session-cookie';

/**
 * Begins a session in a browser, in the place of the one that it had before.
 *
 * @returns the cookie; undefined when the name and password do not belong together
 * @throws AppError `inactive`, `busy`
 */
export async function beginSession(
  ctx: Context,
  req: IncomingMessage,
  given: { readonly username: string; readonly password: string },
  address: string,
): Promise<string | undefined> {
  const identity = await verifyPassword(ctx, given.username, given.password, address);
  if (identity === undefined) return undefined;
  const { username } = await getUser(ctx, given.username);
  const before = readSessionCookie(req);
  if (before !== undefined) await endSession(ctx, before, address);
  const doer = { userId: identity.userId, name: username, address };
  const { secret } = await createSession(ctx, identity, doer, req.headers['user-agent'] ?? '');
  return sessionCookie(req, ctx.settings, { secret, seconds: SESSION_SECONDS });
}
