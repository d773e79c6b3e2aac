import { readUser } from '../../../../features/openid/pending';
import { registerUser } from '../../../../features/openid/registration';
import type { WebHandler } from '../../access';
import { attempt } from '../../problems';
import { EXPIRED, loginPage } from './login';
import { nextOf } from './next';
import { createAccountPage } from './oidc-create';
import { enter } from './oidc-enter';
import { confirmPage } from './signup';

export const postCreateAccount: WebHandler<'anyone-form'> = async (ctx, { req, caller }) => {
  const { form, address } = caller;
  const next = nextOf(form.raw('next'));
  const user = readUser(ctx, form.raw('ticket'));
  if (user === undefined) return loginPage(caller, { next, fault: EXPIRED });
  const typed = { username: form.text('username'), email: form.text('email') };
  const { done, fault } = await attempt(() => registerUser(ctx, user, typed, address));
  if (fault !== undefined) return createAccountPage(ctx, caller, { user, next, typed, fault });
  if (!done.isActive) return confirmPage(caller, typed.email);
  return enter(ctx, req, caller, { user, next, notice: `Welcome, ${typed.username}. Your account was created.` });
};
