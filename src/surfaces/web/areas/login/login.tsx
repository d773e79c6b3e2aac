import { finishLogIn, logIn } from '../../../../features/accounts/login';
import { endSession } from '../../../../features/accounts/sessions';
import { AppError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import { endedSessionCookie } from '../../../../platform/http/session-cookie';
import type { WebHandler } from '../../access';
import { Actions, Field, Form, Problem } from '../../components/forms';
import { Heading, Panel } from '../../components/page-parts';
import { attempt, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import type { Children } from '../../view';
import type { Visitor } from '../../visitor';
import { browserOf, cookieOf } from './browser';
import { codePage } from './code';
import { nextOf, withNext } from './next';
import { ProviderButton } from './provider-button';
import { WRONG_CODE } from './second-step';

const WRONG: Fault = { text: 'Wrong username or password.', status: 400 };

/** The problem of a first step that is too long ago. */
export const EXPIRED: Fault = { text: 'That took too long. Sign in again.', status: 400 };

/** The page to sign in, with what was wrong before. */
export function loginPage(
  visitor: Visitor,
  { next, username = '', fault }: { next: string; username?: string; fault?: Fault & { more?: Children } },
): Reply {
  return page(
    visitor,
    { title: 'Sign in', isNarrow: true, status: fault?.status ?? 200, headers: fault?.headers ?? {} },
    <>
      <Heading title="Sign in" />
      <Panel>
        <Problem fault={fault} />
        {fault?.more}
        <ProviderButton visitor={visitor} next={next} />
        <Form visitor={visitor} fault={fault} action="/account/login/">
          <input type="hidden" name="next" value={next} />
          <Field
            label="Username"
            name="username"
            value={username}
            required
            maxlength={255}
            autocomplete="username"
            autofocus={username === ''}
          />
          <Field
            label="Password"
            name="password"
            type="password"
            required
            autocomplete="current-password"
            autofocus={username !== ''}
          />
          <Actions>
            <button type="submit">Sign in</button>
            <a href="/account/reset">Forgot your password?</a>
          </Actions>
        </Form>
      </Panel>
      {visitor.canSignUp && (
        <p>
          New here? <a href={withNext('/account/signup/', next)}>Create an account</a>
        </p>
      )}
    </>,
  );
}

export const getLogin: WebHandler<'anyone'> = (_ctx, { query, caller }) => {
  const next = nextOf(query.get('next'));
  return caller.login === undefined ? loginPage(caller, { next }) : redirect(caller, next);
};

/** The problem of an account that is not active. */
export const INACTIVE: Fault & { more: Children } = {
  text: 'This account is not active.',
  status: 403,
  more: (
    <p>
      Have you just signed up? Open the link in the email we sent you, or <a href="/account/confirm">send it again</a>.
    </p>
  ),
};

export const postLogin: WebHandler<'anyone-form'> = async (ctx, { req, caller }) => {
  const { form } = caller;
  const next = nextOf(form.raw('next'));
  const username = form.text('username');
  try {
    const given = { username, password: form.raw('password') };
    const { done, fault } = await attempt(() => logIn(ctx, given, browserOf(req, caller.address)));
    if (fault !== undefined) return loginPage(caller, { next, username, fault });
    if (done.kind === 'code_needed') return codePage(caller, { next, ticket: done.ticket });
    if (done.kind !== 'done') return loginPage(caller, { next, username, fault: WRONG });
    return redirect(caller, next, { cookies: [cookieOf(ctx, req, done)] });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'inactive') throw error;
    return loginPage(caller, { next, username, fault: INACTIVE });
  }
};

export const postCode: WebHandler<'anyone-form'> = async (ctx, { req, caller }) => {
  const { form } = caller;
  const next = nextOf(form.raw('next'));
  const ticket = form.raw('ticket');
  const given = { ticket, code: form.text('code') };
  const { done, fault } = await attempt(() => finishLogIn(ctx, given, browserOf(req, caller.address)));
  if (fault !== undefined) return codePage(caller, { next, ticket, fault });
  if (done.kind === 'wrong_code') return codePage(caller, { next, ticket, fault: WRONG_CODE });
  if (done.kind === 'expired') return loginPage(caller, { next, fault: EXPIRED });
  return redirect(caller, next, { cookies: [cookieOf(ctx, req, done)] });
};

export const postLogout: WebHandler<'member-form'> = async (ctx, { req, caller }) => {
  await endSession(ctx, caller.login.secret, caller.address);
  const cookies = [endedSessionCookie(req, ctx.settings)];
  return redirect(caller, '/', { cookies, notice: 'You are signed out.' });
};
