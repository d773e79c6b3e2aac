import { changePassword } from '../../../../features/accounts/password-change';
import { fieldError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import { endedSessionCookie } from '../../../../platform/http/session-cookie';
import type { Member, WebHandler } from '../../access';
import { Actions, Form, Problem } from '../../components/forms';
import { NewPasswordField } from '../../components/new-password-field';
import { CONFIRM_FIELDS } from '../../confirm-password';
import { ConfirmFields } from '../../confirm-password-page';
import { Panel } from '../../components/page-parts';
import { attempt, type Fault } from '../../problems';
import { redirect } from '../../reply';
import type { View } from '../../view';
import { accountPage, usernameOf } from './frame';

/**
 * The field for the current password, which is always required; with a code if the second factor is on and the password
 * was not given recently.
 */
function CurrentPassword({ member: { login } }: { member: Member }): View {
  const asked = login.session.isConfirmed ? { ...login, hasSecondFactor: false } : login;
  return <ConfirmFields login={asked} label="Current password" />;
}

function passwordPage(member: Member, fault?: Fault): Reply {
  return accountPage(
    member,
    '/account/password/',
    <Panel>
      <Problem fault={fault} />
      <p>Changing it ends all your sessions, including this one. Access tokens keep working.</p>
      <Form visitor={member} fault={fault}>
        <CurrentPassword member={member} />
        <NewPasswordField label="New password" />
        <Actions>
          <button type="submit">Change password</button>
          <a href="/account/reset">Forgot your password?</a>
        </Actions>
      </Form>
    </Panel>,
    fault,
  );
}

export const getPassword: WebHandler<'member'> = (_ctx, { caller }) => passwordPage(caller);

export const postPassword: WebHandler<'member-form'> = async (ctx, { req, caller }) => {
  const { form } = caller;
  const { fault } = await attempt(async () => {
    const given = { password: form.raw('password'), current: form.raw(CONFIRM_FIELDS.password) };
    const result = await changePassword(ctx, caller.actor, usernameOf(caller), given);
    if (result === 'wrong') throw fieldError('invalid', CONFIRM_FIELDS.password, 'The current password is wrong');
  });
  if (fault !== undefined) return passwordPage(caller, fault);
  const notice = 'Your password was changed. Sign in with the new one.';
  return redirect(caller, '/account/login/', { notice, cookies: [endedSessionCookie(req, ctx.settings)] });
};
