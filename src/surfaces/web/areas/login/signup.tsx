import type { Needs } from '../../../../context';
import { logIn } from '../../../../features/accounts/login';
import { register } from '../../../../features/accounts/registration';
import type { Reply } from '../../../../platform/http/exchange';
import type { WebHandler } from '../../access';
import { Actions, Field, Form, Problem } from '../../components/forms';
import { NewPasswordField } from '../../components/new-password-field';
import { Heading, Panel } from '../../components/page-parts';
import { UsernameField } from '../../components/username-field';
import { attempt, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { browserOf, cookieOf } from './browser';
import { nextOf, withNext } from './next';

interface Rules {
  readonly isOpen: boolean;
  readonly isConfirmed: boolean;
  readonly hubLimits: boolean;
}

function rulesOf({ settings }: Needs<'settings'>): Rules {
  const { registrationOpen: isOpen, confirmationRequired: isConfirmed, hubLimits } = settings;
  return { isOpen, isConfirmed, hubLimits };
}

interface Typed {
  readonly next: string;
  readonly username?: string;
  readonly email?: string;
  readonly fault?: Fault;
}

function SignupForm({ visitor, rules, typed }: { visitor: Visitor; rules: Rules; typed: Typed }): View {
  return (
    <Form visitor={visitor} fault={typed.fault} action="/account/signup/">
      <input type="hidden" name="next" value={typed.next} />
      <UsernameField
        hubLimits={rules.hubLimits}
        value={typed.username}
        autocomplete="username"
        note="Your repositories are pulled under this name."
      />
      <Field
        label="Email address"
        name="email"
        type="email"
        value={typed.email}
        required
        maxlength={254}
        autocomplete="email"
        hint={rules.isConfirmed ? 'We will send you a link to confirm it.' : undefined}
      />
      <NewPasswordField label="Password" />
      <Actions>
        <button type="submit">Sign up</button>
      </Actions>
    </Form>
  );
}

function signupPage(visitor: Visitor, rules: Rules, typed: Typed): Reply {
  const { fault } = typed;
  return page(
    visitor,
    { title: 'Sign up', isNarrow: true, status: fault?.status ?? 200, headers: fault?.headers ?? {} },
    <>
      <Heading title="Sign up" />
      <Panel>
        <Problem fault={fault} />
        {rules.isOpen ? (
          <SignupForm visitor={visitor} rules={rules} typed={typed} />
        ) : (
          <p>Registration is closed here. Ask the people who run this server for an account.</p>
        )}
      </Panel>
      <p>
        Already have an account? <a href={withNext('/account/login/', typed.next)}>Sign in</a>
      </p>
    </>,
  );
}

/** The page after an account was created whose address has to be confirmed. */
export function confirmPage(visitor: Visitor, email: string): Reply {
  return page(
    visitor,
    { title: 'Confirm your address', isNarrow: true },
    <>
      <Heading title="Confirm your address" />
      <Panel>
        <p>
          Your account was created. An email is on its way to <strong>{email}</strong>: open the link in it, then sign
          in.
        </p>
        <p>
          If it does not arrive within a few minutes, check your spam folder, or{' '}
          <a href="/account/confirm">send it again</a>.
        </p>
      </Panel>
    </>,
  );
}

export const getSignup: WebHandler<'anyone'> = (ctx, { query, caller }) => {
  const next = nextOf(query.get('next'));
  if (caller.login !== undefined) return redirect(caller, next);
  return signupPage(caller, rulesOf(ctx), { next });
};

export const postSignup: WebHandler<'anyone-form'> = async (ctx, { req, caller }) => {
  const { form, address } = caller;
  const next = nextOf(form.raw('next'));
  const [username, email, password] = [form.text('username'), form.text('email'), form.raw('password')];
  const rules = rulesOf(ctx);
  const { fault } = await attempt(() => register(ctx, { username, email, password }, address));
  if (fault !== undefined) return signupPage(caller, rules, { next, username, email, fault });
  if (rules.isConfirmed) return confirmPage(caller, email);
  const login = await logIn(ctx, { username, password }, browserOf(req, address));
  return redirect(caller, next, {
    cookies: login.kind === 'done' ? [cookieOf(ctx, req, login)] : [],
    notice: `Welcome, ${username}. Your account was created.`,
  });
};
