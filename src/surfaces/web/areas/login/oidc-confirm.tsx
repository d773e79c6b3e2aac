import type { Needs } from '../../../../context';
import { confirmByProvider, isConfirmation, sealConfirmation } from '../../../../features/openid/confirm';
import type { Reply } from '../../../../platform/http/exchange';
import type { Member, WebHandler } from '../../access';
import { attempt, type Fault } from '../../problems';
import { redirect } from '../../reply';
import { nextOf } from './next';
import { secondStepPage, WRONG_CODE } from './second-step';

/** After the account was confirmed. */
export const CONFIRMED = 'Thank you. Now repeat what you wanted to do.';

/** After the provider, the code of the second factor. */
export function confirmCodePage(
  ctx: Needs<'tokenKey'>,
  member: Member,
  { next, fault }: { readonly next: string; readonly fault?: Fault },
): Reply {
  return secondStepPage(member, {
    action: '/account/login/oidc/confirm/',
    next,
    ticket: sealConfirmation(ctx, member.login.session.id),
    hint: 'The six digits in your authenticator app, or a recovery code.',
    ways: <button type="submit">Confirm</button>,
    fault,
  });
}

export const postConfirmCode: WebHandler<'member-form'> = async (ctx, { caller }) => {
  const { form, login, address } = caller;
  const next = nextOf(form.raw('next'));
  const { userId, username } = login.account;
  if (!isConfirmation(ctx, form.raw('ticket'), login.session.id)) {
    return redirect(caller, next, { notice: { text: 'That took too long. Start again.', kind: 'problem' } });
  }
  const own = { id: login.session.id, userId, username, address };
  const { done, fault } = await attempt(() => confirmByProvider(ctx, own, form.text('code')));
  if (fault !== undefined) return confirmCodePage(ctx, caller, { next, fault });
  if (!done) return confirmCodePage(ctx, caller, { next, fault: WRONG_CODE });
  return redirect(caller, next, { notice: CONFIRMED });
};
