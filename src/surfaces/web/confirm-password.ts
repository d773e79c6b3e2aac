import type { Context } from '../../context';
import { sessionActor, type FoundSession } from '../../features/accounts/sessions';
import { confirmLogin } from '../../features/accounts/confirm-login';
import { identityOf } from '../../features/access/actor';
import { AppError } from '../../platform/errors';
import type { Form } from './form';
import { attempt, type Fault } from './problems';
import type { Login, Visitor } from './visitor';

/*
 * What `guarded-actions.ts` names takes the password again when it was not given lately. The form that was sent is
 * answered with one that asks for it and carries what was typed (confirm-password-page.tsx): sent again, it does what was
 * asked for.
 */

/** The fields by which a form gives the password again. */
export const CONFIRM_FIELDS = { password: 'confirm_password', code: 'confirm_code' } as const;

/** Thrown where the password must be given again first; the answer is a page that asks for it. */
export class PasswordNeeded extends Error {
  constructor(
    readonly form: Form,
    readonly fault?: Fault,
    /** where the answer to the form may lead */
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
