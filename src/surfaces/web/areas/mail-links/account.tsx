import type { Needs } from '../../../../context';
import { confirmEmail, describeConfirmation, requestConfirmation } from '../../../../features/accounts/confirmation';
import { describeReset, requestPasswordReset, resetPassword } from '../../../../features/accounts/password-reset';
import type { Reply } from '../../../../platform/http/exchange';
import { isMember, LoginNeeded, type WebHandler } from '../../access';
import { confirmedVisitor } from '../../confirm-password';
import { Actions, Field, Form, Problem } from '../../components/forms';
import { NewPasswordField } from '../../components/new-password-field';
import { attempt, type Fault } from '../../problems';
import type { Visitor } from '../../visitor';
import { boxPage, sentencePage } from './sentence';

/*
 * The pages behind mailed links, and those that send such a mail. A GET changes nothing, because programs that check
 * the links in mails open all of them.
 */

const SENT =
  'If the account exists, an email is on its way. If it does not arrive within a few minutes, check your spam folder.';

/** The answer to a visitor who asked for a mail: the same for every name. */
function sentText({ mailer }: Needs<'mailer'>): string {
  if (mailer.isConfigured) return SENT;
  return 'This server sends no mail. If the account exists, the link is in the log of the server: ask its operator for it.';
}

/** A form that asks for the name or address of an account. */
function askPage(visitor: Visitor, title: string, button: string): Reply {
  return boxPage(
    visitor,
    title,
    <Form visitor={visitor}>
      <Field label="Username or email address" name="account" required maxlength={254} autocomplete="username" />
      <Actions>
        <button type="submit">{button}</button>
      </Actions>
    </Form>,
  );
}

export const getConfirmation: WebHandler<'anyone'> = async (ctx, { params, caller }) => {
  const { username, needsLogin } = await describeConfirmation(ctx, params['secret'] ?? '');
  if (needsLogin && caller.login === undefined) throw new LoginNeeded();
  return boxPage(
    caller,
    'Confirm your address',
    <Form visitor={caller}>
      <p>
        This is the address of the account <strong>{username}</strong>.
      </p>
      <Actions>
        <button type="submit">Confirm</button>
      </Actions>
    </Form>,
  );
};

export const postConfirmation: WebHandler<'link-form'> = async (ctx, { params, caller }) => {
  const secret = params['secret'] ?? '';
  const { needsLogin } = await describeConfirmation(ctx, secret);
  const { actor } = needsLogin && isMember(caller) ? await confirmedVisitor(ctx, caller, caller.form) : caller;
  const { username, isActive } = await confirmEmail(ctx, actor, secret);
  const text = isActive ? `You can log in as ${username}.` : `However, the account ${username} is not active.`;
  return sentencePage(caller, 'Your address is confirmed', text);
};

export const getConfirmationRequest: WebHandler<'anyone'> = (_ctx, { caller }) =>
  askPage(caller, 'Confirm your address', 'Send the email again');

export const postConfirmationRequest: WebHandler<'link-form'> = async (ctx, { caller }) => {
  await requestConfirmation(ctx, caller.form.required('account', 'The username or email address'), caller.address);
  return sentencePage(caller, 'Confirm your address', sentText(ctx));
};

export const getResetRequest: WebHandler<'anyone'> = (_ctx, { caller }) =>
  askPage(caller, 'Set a new password', 'Send a link');

export const postResetRequest: WebHandler<'link-form'> = async (ctx, { caller }) => {
  await requestPasswordReset(ctx, caller.form.required('account', 'The username or email address'), caller.address);
  return sentencePage(caller, 'Set a new password', sentText(ctx));
};

function resetPage(visitor: Visitor, username: string, fault?: Fault): Reply {
  return boxPage(
    visitor,
    'Set a new password',
    <>
      <Problem fault={fault} />
      <Form visitor={visitor} fault={fault}>
        <p>
          For the account <strong>{username}</strong>. This signs it out everywhere.
        </p>
        <NewPasswordField label="New password" />
        <Actions>
          <button type="submit">Set the password</button>
        </Actions>
      </Form>
    </>,
    fault?.status,
  );
}

export const getReset: WebHandler<'anyone'> = async (ctx, { params, caller }) => {
  const { username } = await describeReset(ctx, params['secret'] ?? '');
  return resetPage(caller, username);
};

export const postReset: WebHandler<'link-form'> = async (ctx, { params, caller }) => {
  const secret = params['secret'] ?? '';
  const { username } = await describeReset(ctx, secret);
  const { fault } = await attempt(() => resetPassword(ctx, secret, caller.form.raw('password'), caller.address));
  if (fault !== undefined) return resetPage(caller, username, fault);
  return sentencePage(caller, 'Your password was changed', `You can now log in as ${username} with the new password.`);
};
