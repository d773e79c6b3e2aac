import type { IncomingMessage } from 'node:http';
import type { Context } from '../../context';
import { sessionActor, type FoundSession } from '../../features/accounts/sessions';
import { confirmLogin } from '../../features/accounts/confirm-login';
import { identityOf } from '../../features/accounts/actor';
import { AppError } from '../../platform/errors';
import type { Reply } from '../../platform/http/exchange';
import { Actions, Field, Form as FormElement, Problem } from './components/forms';
import { Heading, Panel } from './components/page-parts';
import type { Form } from './form';
import { attempt, type Fault } from './problems';
import { page } from './reply';
import type { View } from './view';
import type { Login, Visitor } from './visitor';

/*
 * What `guarded-actions.ts` names takes the password again when it was not given lately. The form that was sent is
 * answered with one that asks for it and carries what was typed: sent again, it does what was asked for.
 */

/** The fields by which a form gives the password again. */
export const CONFIRM_FIELDS = { password: 'confirm_password', code: 'confirm_code' } as const;

/** Thrown where the password must be given again first; the answer is a page that asks for it. */
export class PasswordNeeded extends Error {
  constructor(
    readonly form: Form,
    readonly fault: Fault | undefined,
    /** where the answer to the form may lead */
    readonly formAction: readonly string[],
  ) {
    super('the password is to be given again');
  }
}

const WRONG = {
  wrong: 'The password is wrong.',
  code_needed: 'A code of your second factor is needed, too.',
  wrong_code: 'The code is wrong, or was used already. Wait for the next one, and try again.',
} as const;

async function faultOf(ctx: Context, login: Login, address: string, form: Form): Promise<Fault | undefined> {
  const { userId, username } = login.account;
  const given = { password: form.raw(CONFIRM_FIELDS.password), code: form.optional(CONFIRM_FIELDS.code) };
  const own = { id: login.session.id, userId, username, address };
  const { done, fault } = await attempt(() => confirmLogin(ctx, own, given));
  if (fault !== undefined) return fault;
  return done === 'confirmed' ? undefined : { text: WRONG[done], status: 400 };
}

/**
 * Lets a visitor go on who gave the password lately, or gives it with this form.
 *
 * @param formAction - other sites to which the answer to the form may lead
 * @returns the visitor, as one who has given it
 * @throws PasswordNeeded
 */
export async function confirmedVisitor<V extends Visitor>(
  ctx: Context,
  visitor: V & { readonly login: Login },
  form: Form,
  formAction: readonly string[] = [],
): Promise<V & { readonly login: Login }> {
  const { login, address } = visitor;
  if (login.session.isConfirmed) return visitor;
  if (form.raw(CONFIRM_FIELDS.password) === '') throw new PasswordNeeded(form, undefined, formAction);
  const fault = await faultOf(ctx, login, address, form);
  if (fault !== undefined) throw new PasswordNeeded(form, fault, formAction);
  const identity = identityOf(visitor.actor);
  if (identity === undefined) throw new AppError('unauthenticated', 'Requires authorization');
  const session = { ...login.session, isConfirmed: true };
  const found: FoundSession = { ...login, session, identity };
  return { ...visitor, login: { ...login, session }, actor: sessionActor(found, address) };
}

/** The fields for the password, and for a code where the second factor is on. */
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
          hint="The six digits that your app shows, or a recovery code."
        />
      )}
    </>
  );
}

/** What was typed, to be sent again; passwords are not written into a page. */
function typedFields(form: Form): readonly (readonly [string, string])[] {
  return form.entries().filter(([name]) => name !== 'csrf_token' && !/password|confirm_code/i.test(name));
}

/** The page that asks for the password, in the place of what the form asked for. */
export function confirmPasswordPage(visitor: Visitor, req: IncomingMessage, needed: PasswordNeeded): Reply {
  const { login } = visitor;
  if (login === undefined) throw needed;
  const { form, fault, formAction } = needed;
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
        <Problem text={fault?.text} />
        <p>
          You are signed in as {login.account.username}. This could cost you the account, so give your password again.
          You are not asked for ten minutes then.
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
