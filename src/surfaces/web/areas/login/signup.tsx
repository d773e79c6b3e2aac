import { logIn } from '../../../../features/accounts/login';
import { register } from '../../../../features/accounts/registration';
import type { Reply } from '../../../../platform/http/exchange';
import type { WebHandler } from '../../access';
import { Actions, Field, Form, Problem } from '../../components/forms';
import { NewPasswordField } from '../../components/new-password-field';
import { Heading, Panel } from '../../components/page-parts';
import { attempt, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { browserOf, cookieOf } from './browser';
import { nextOf, withNext } from './next';

interface Typed {
  readonly next: string;
  readonly username?: string;
  readonly email?: string;
  readonly fault?: Fault;
}

function SignupForm({ visitor, isConfirmed, typed }: { visitor: Visitor; isConfirmed: boolean; typed: Typed }): View {
  return (
    <Form visitor={visitor} action="/account/signup/">
      <input type="hidden" name="next" value={typed.next} />
      <Field
        label="Username"
        name="username"
        value={typed.username}
        required
        minlength={4}
        maxlength={30}
        autocomplete="username"
        hint="4 to 30 small letters, digits and underscores. Your repositories will be under it."
      />
      <Field
        label="E-mail address"
        name="email"
        type="email"
        value={typed.email}
        required
        maxlength={254}
        autocomplete="email"
        hint={isConfirmed ? 'A link is sent there: open it to begin.' : undefined}
      />
      <NewPasswordField label="Password" />
      <Actions>
        <button type="submit">Sign up</button>
      </Actions>
    </Form>
  );
}

function signupPage(visitor: Visitor, rules: { isOpen: boolean; isConfirmed: boolean }, typed: Typed): Reply {
  const { fault } = typed;
  return page(
    visitor,
    { title: 'Sign up', isNarrow: true, status: fault?.status ?? 200, headers: fault?.headers ?? {} },
    <>
      <Heading title="Sign up" />
      <Panel>
        <Problem text={fault?.text} />
        {rules.isOpen ? (
          <SignupForm visitor={visitor} isConfirmed={rules.isConfirmed} typed={typed} />
        ) : (
          <p>Registration is closed here. Ask the people who run this server for an account.</p>
        )}
      </Panel>
      <p>
        You have an account? <a href={withNext('/account/login/', typed.next)}>Sign in</a>
      </p>
    </>,
  );
}

function confirmPage(visitor: Visitor, email: string): Reply {
  return page(
    visitor,
    { title: 'Confirm your address', isNarrow: true },
    <>
      <Heading title="Confirm your address" />
      <Panel>
        <p>
          Your account is made. A mail is on its way to <strong>{email}</strong>: open the link in it, and then sign in.
        </p>
        <p>
          Without a mail after some minutes, look among the spam, or <a href="/account/confirm">have it sent again</a>.
        </p>
      </Panel>
    </>,
  );
}

export const getSignup: WebHandler<'anyone'> = (ctx, { query, caller }) => {
  const next = nextOf(query.get('next'));
  if (caller.login !== undefined) return redirect(caller, next);
  const { registrationOpen: isOpen, confirmationRequired: isConfirmed } = ctx.settings;
  return signupPage(caller, { isOpen, isConfirmed }, { next });
};

export const postSignup: WebHandler<'anyone-form'> = async (ctx, { req, caller }) => {
  const { form, address } = caller;
  const next = nextOf(form.raw('next'));
  const [username, email, password] = [form.text('username'), form.text('email'), form.raw('password')];
  const { registrationOpen: isOpen, confirmationRequired: isConfirmed } = ctx.settings;
  const { fault } = await attempt(() => register(ctx, { username, email, password }, address));
  if (fault !== undefined) return signupPage(caller, { isOpen, isConfirmed }, { next, username, email, fault });
  if (isConfirmed) return confirmPage(caller, email);
  const login = await logIn(ctx, { username, password }, browserOf(req, address));
  return redirect(caller, next, {
    cookies: login.kind === 'done' ? [cookieOf(ctx, req, login)] : [],
    notice: `Welcome, ${username}. Your account is made.`,
  });
};
