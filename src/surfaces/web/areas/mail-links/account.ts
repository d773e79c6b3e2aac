import { confirmEmail, describeConfirmation, requestConfirmation } from '../../../../features/accounts/confirmation';
import { describeReset, requestPasswordReset, resetPassword } from '../../../../features/accounts/password-reset';
import { assertPassword } from '../../../../features/accounts/rules';
import { AppError } from '../../../../platform/errors';
import type { WebHandler } from '../../access';
import { confirmForm, nameForm, page, passwordForm, sentence } from './pages';

/*
 * The pages behind mailed links, and those that ask for such a mail. A GET changes nothing, for programs that look for
 * bad links in mails open all of them.
 */

const SENT = 'If there is such an account, a mail is on its way. Without one after some minutes, look among the spam.';

export const getConfirmation: WebHandler<'anyone'> = async (ctx, { params }) => {
  const { username } = await describeConfirmation(ctx, params['secret'] ?? '');
  return page(200, 'Confirm your address', confirmForm(username));
};

export const postConfirmation: WebHandler<'link-form'> = async (ctx, { params, caller }) => {
  const { username, isActive } = await confirmEmail(ctx, params['secret'] ?? '', caller.address);
  const text = isActive ? `You can log in as ${username}.` : `The account ${username} is not active, though.`;
  return sentence(200, 'Your address is confirmed', text);
};

export const getConfirmationRequest: WebHandler<'anyone'> = () =>
  page(200, 'Confirm your address', nameForm('Send the mail again'));

export const postConfirmationRequest: WebHandler<'link-form'> = async (ctx, { caller }) => {
  await requestConfirmation(ctx, caller.form.required('account', 'The name or address'), caller.address);
  return sentence(200, 'Confirm your address', SENT);
};

export const getResetRequest: WebHandler<'anyone'> = () => page(200, 'Set a new password', nameForm('Send a link'));

export const postResetRequest: WebHandler<'link-form'> = async (ctx, { caller }) => {
  await requestPasswordReset(ctx, caller.form.required('account', 'The name or address'), caller.address);
  return sentence(200, 'Set a new password', SENT);
};

export const getReset: WebHandler<'anyone'> = async (ctx, { params }) => {
  const { username } = await describeReset(ctx, params['secret'] ?? '');
  return page(200, 'Set a new password', passwordForm(username));
};

/** What is wrong with a password, if anything. */
function faultOf(password: string): string | undefined {
  try {
    assertPassword(password);
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}

export const postReset: WebHandler<'link-form'> = async (ctx, { params, caller }) => {
  const secret = params['secret'] ?? '';
  const { username } = await describeReset(ctx, secret);
  const password = caller.form.raw('password');
  const fault = faultOf(password);
  if (fault !== undefined) return page(400, 'Set a new password', passwordForm(username, fault));
  await resetPassword(ctx, secret, password, caller.address);
  return sentence(200, 'Your password is set', `You can log in as ${username} with it now.`);
};
