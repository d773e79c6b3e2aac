import type { IncomingMessage } from 'node:http';
import type { Reply } from '../../platform/http/exchange';
import { Actions, Field, Form as FormElement, Problem } from './components/forms';
import { Heading, Panel } from './components/page-parts';
import { CONFIRM_FIELDS, type PasswordNeeded } from './confirm-password';
import type { Form } from './form';
import { pageBefore } from './own-path';
import { page } from './reply';
import type { View } from './view';
import type { Login, Visitor } from './visitor';

/** The fields for the password, and for a code if the second factor is on. */
export function ConfirmFields({ login, label = 'Password' }: { readonly login: Login; readonly label?: string }): View {
  return (
    <>
      <Field
        label={label}
        name={CONFIRM_FIELDS.password}
        type="password"
        required
        autocomplete="current-password"
        autofocus
      />
      {login.hasSecondFactor && (
        <Field
          label="Code"
          name={CONFIRM_FIELDS.code}
          required
          maxlength={40}
          autocomplete="one-time-code"
          hint="The six digits in your authenticator app, or a recovery code."
        />
      )}
    </>
  );
}

/** The fields that were typed, to send them again; passwords are not written into a page. */
function typedFields(form: Form): readonly (readonly [string, string])[] {
  return form.entries().filter(([name]) => name !== 'csrf_token' && !/password|confirm_code/i.test(name));
}

/** The page for an account without a password: its provider confirms that the account is theirs. */
function confirmByProviderPage(visitor: Visitor, login: Login, req: IncomingMessage): Reply {
  const { providerName: name } = visitor;
  const next = encodeURIComponent(pageBefore(req, visitor.origin) ?? '/account/settings/');
  return page(
    visitor,
    { title: 'Confirm that it is you', isNarrow: true, status: 403 },
    <>
      <Heading title="Confirm that it is you" />
      <Panel>
        <p>
          You are signed in as {login.account.username}, an account without a password. To protect it, sign in with{' '}
          {name ?? 'your provider'} again. You then come back to the page before, and can do what you wanted to do for
          ten minutes.
        </p>
        {name === undefined ? (
          <p>
            This server no longer has such a sign-in. Set a password by email, or ask the people who run the server.
          </p>
        ) : (
          <p class="link-buttons">
            <a class="button" href={`/account/login/oidc/?for=confirm&next=${next}`}>
              Sign in with {name} again
            </a>
          </p>
        )}
        <p>
          <a href="/account/reset">Set a password by email</a>
        </p>
      </Panel>
    </>,
  );
}

/** The page that asks for the password before the form takes effect. */
export function confirmPasswordPage(visitor: Visitor, req: IncomingMessage, needed: PasswordNeeded): Reply {
  const { login } = visitor;
  if (login === undefined) throw needed;
  const { form, fault, formAction } = needed;
  if (!login.hasPassword) return confirmByProviderPage(visitor, login, req);
  return page(
    visitor,
    {
      title: 'Confirm your password',
      isNarrow: true,
      status: fault?.status ?? 403,
      headers: fault?.headers ?? {},
      formAction,
    },
    <>
      <Heading title="Confirm your password" />
      <Panel>
        <Problem fault={fault} />
        <p>
          You are signed in as {login.account.username}. To protect your account, enter your password to continue. You
          will not be asked again for ten minutes.
        </p>
        <FormElement visitor={visitor} action={req.url ?? '/'}>
          {typedFields(form).map(([name, value]) => (
            <input type="hidden" name={name} value={value} />
          ))}
          <ConfirmFields login={login} />
          <Actions>
            <button type="submit">Confirm</button>
            <a href="/account/reset">Forgot your password?</a>
          </Actions>
        </FormElement>
      </Panel>
    </>,
  );
}
