import type { Context } from '../../../../context';
import { changePassword } from '../../../../features/accounts/password-change';
import { listLinked } from '../../../../features/openid/linking';
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
import { LinkedSignIns } from './linked-sign-ins';

/**
 * The field for the current password, which is always required; with a code if the second factor is on and the password
 * was not given recently.
 */
function CurrentPassword({ member: { login } }: { member: Member }): View {
  const asked = login.session.isConfirmed ? { ...login, hasSecondFactor: false } : login;
  return <ConfirmFields login={asked} label="Current password" />;
}

function ChangePassword({ member, fault }: { member: Member; fault: Fault | undefined }): View {
  const { hasPassword } = member.login;
  return (
    <Panel>
      <Problem fault={fault} />
      {hasPassword ? (
        <p>Changing it ends all your sessions, including this one. Access tokens keep working.</p>
      ) : (
        <p>
          Your account has no password. Engines and curl log in with an <a href="/account/tokens/">access token</a>{' '}
          instead. You can also set a password; that ends all your sessions, including this one.
        </p>
      )}
      <Form visitor={member} fault={fault}>
        {hasPassword && <CurrentPassword member={member} />}
        <NewPasswordField label="New password" />
        <Actions>
          <button type="submit">{hasPassword ? 'Change password' : 'Set a password'}</button>
          {hasPassword && <a href="/account/reset">Forgot your password?</a>}
        </Actions>
      </Form>
    </Panel>
  );
}

async function passwordPage(ctx: Context, member: Member, fault?: Fault): Promise<Reply> {
  const linked = await listLinked(ctx, member.actor, usernameOf(member));
  return accountPage(
    member,
    '/account/password/',
    <>
      <ChangePassword member={member} fault={fault} />
      <LinkedSignIns member={member} linked={linked} issuer={ctx.settings.openId?.issuer} />
    </>,
    fault,
  );
}

export const getPassword: WebHandler<'member'> = (ctx, { caller }) => passwordPage(ctx, caller);

export const postPassword: WebHandler<'member-form'> = async (ctx, { req, caller }) => {
  const { form } = caller;
  const { fault } = await attempt(async () => {
    const given = { password: form.raw('password'), current: form.raw(CONFIRM_FIELDS.password) };
    const result = await changePassword(ctx, caller.actor, usernameOf(caller), given);
    if (result === 'wrong') throw fieldError('invalid', CONFIRM_FIELDS.password, 'The current password is wrong');
  });
  if (fault !== undefined) return passwordPage(ctx, caller, fault);
  const notice = 'Your password was changed. Sign in with the new one.';
  return redirect(caller, '/account/login/', { notice, cookies: [endedSessionCookie(req, ctx.settings)] });
};
