import { AppError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import type { WebHandler } from '../../access';
import { Actions, Field, Form, Problem } from '../../components/forms';
import { Heading, Panel } from '../../components/page-parts';
import { ownPath } from '../../own-path';
import { attempt, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import type { Children } from '../../view';
import type { Visitor } from '../../visitor';
import { beginSession } from './begin-session';

/** Where somebody goes who wants nowhere in particular. */
const HOME = '/dashboard/';

const WRONG: Fault = { text: 'Wrong username or password.', status: 400 };

/** `?next=` for a link that should not lose where its reader wants to go. */
export function withNext(path: string, next: string): string {
  return next === HOME ? path : `${path}?next=${encodeURIComponent(next)}`;
}

/** Where a link or form says to go to after the login; our own pages only. */
export function nextOf(given: string | null): string {
  return ownPath(given, HOME);
}

function loginPage(
  visitor: Visitor,
  { next, username = '', fault }: { next: string; username?: string; fault?: Fault & { more?: Children } },
): Reply {
  return page(
    visitor,
    { title: 'Sign in', isNarrow: true, status: fault?.status ?? 200, headers: fault?.headers ?? {} },
    <>
      <Heading title="Sign in" />
      <Panel>
        <Problem text={fault?.text} />
        {fault?.more}
        <Form visitor={visitor} action="/account/login/">
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
      <p>
        New here? <a href={withNext('/account/signup/', next)}>Make an account</a>
      </p>
    </>,
  );
}

export const getLogin: WebHandler<'anyone'> = (_ctx, { query, caller }) => {
  const next = nextOf(query.get('next'));
  return caller.login === undefined ? loginPage(caller, { next }) : redirect(caller, next);
};

const INACTIVE: Fault & { more: Children } = {
  text: 'This account is not active.',
  status: 403,
  more: (
    <p>
      Have you just signed up? Open the link in the mail that was sent to you, or{' '}
      <a href="/account/confirm">have it sent again</a>.
    </p>
  ),
};

export const postLogin: WebHandler<'anyone-form'> = async (ctx, { req, caller }) => {
  const { form } = caller;
  const next = nextOf(form.raw('next'));
  const username = form.text('username');
  try {
    const given = { username, password: form.raw('password') };
    const { done, fault } = await attempt(() => beginSession(ctx, req, given, caller.address));
    if (fault !== undefined) return loginPage(caller, { next, username, fault });
    if (done === undefined) return loginPage(caller, { next, username, fault: WRONG });
    return redirect(caller, next, { cookies: [done] });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'inactive') throw error;
    return loginPage(caller, { next, username, fault: INACTIVE });
  }
};
