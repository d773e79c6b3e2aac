import type { Context } from '../../context';
import { sessionActor, type FoundSession } from '../../features/accounts/sessions';
import { confirmLogin } from '../../features/accounts/confirm-login';
import { identityOf } from '../../features/access/actor';
import { AppError } from '../../platform/errors';
import type { Form } from './form';
import { attempt, type Fault } from './problems';
import type { Login, Visitor } from './visitor';

/*
 * The actions of `guarded-actions.ts` ask for the password again if it was not given recently. The answer to such a
 * form is another form, which asks for the password and carries the typed fields (confirm-password-page.tsx): sending
 * it does the action.
 */

/** The fields of a form that confirm the password. */
export const CONFIRM_FIELDS = { password: 'confirm_password', code: 'confirm_code' } as const;

/** Thrown if the password must be confirmed first; the answer is a page that asks for it. */
export class PasswordNeeded extends Error {
  constructor(
    readonly form: Form,
    readonly fault?: Fault,
    /** other sites to which the answer to the form may redirect */
    readonly formAction: readonly string[] = [],
  ) {
    super('the password must be confirmed');
  }
}

const WRONG = {
  wrong: 'The password is wrong.',
  code_needed: 'Enter a code from your authenticator app as well.',
  wrong_code: 'The code is wrong or has already been used. Wait for the next one and try again.',
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
 * Admits a visitor who gave the password recently, or gives it with this form.
 *
 * @param formAction - other sites to which the answer to the form may redirect
 * @returns the visitor, with a confirmed session
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
