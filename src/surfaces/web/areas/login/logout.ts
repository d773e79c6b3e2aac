import { endSession } from '../../../../features/accounts/sessions';
import { endedSessionCookie } from '../../../../platform/http/session-cookie';
import type { WebHandler } from '../../access';
import { redirect } from '../../reply';

export const postLogout: WebHandler<'member-form'> = async (ctx, { req, caller }) => {
  await endSession(ctx, caller.login.secret, caller.address);
  const cookies = [endedSessionCookie(req, ctx.settings)];
  return redirect(caller, '/', { cookies, notice: 'You are signed out.' });
};
