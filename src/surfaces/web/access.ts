import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from '../../context';
import { AppError } from '../../platform/errors';
import { needsPassword } from '../../features/accounts/guarded-actions';
import { foreignOriginMessage, isCsrfToken, isSameOrigin } from '../../platform/http/csrf';
import type { Exchange, Reply } from '../../platform/http/exchange';
import type { Guard, Method, Route } from '../../platform/http/route';
import { confirmedVisitor, CONFIRM_FIELDS } from './confirm-password';
import { readForm, type Form } from './form';
import { welcome, type Login, type Visitor } from './visitor';

/*
 * The access to pages and forms. Pages change nothing. Forms do, and each contains a token of the browser that it was
 * given to, so that another site cannot send one for its own visitors.
 *
 *   file                 everyone; the visitor is not identified, because the file is the same for all
 *   anyone               everyone
 *   member               a visitor who is logged in; others are asked to log in first
 *   administrator        administrators
 *   anyone-form          a form for everyone
 *   link-form            the same, but without a cookie no token is needed: behind a mailed link, whose secret protects
 *                        the form, and for the choice of a theme, so that pages set no cookie before it
 *   member-form          a form for visitors who are logged in
 *   administrator-form   a form for administrators
 *
 * The features decide what else a visitor may do.
 */

/** A visitor who is logged in. */
export type Member = Visitor & { readonly login: Login };

type WithForm<V> = V & { readonly form: Form };

/** What a handler learns about its caller, by access. */
export interface Callers {
  file: Visitor;
  anyone: Visitor;
  member: Member;
  administrator: Member;
  'anyone-form': WithForm<Visitor>;
  'link-form': WithForm<Visitor>;
  'member-form': WithForm<Member>;
  'administrator-form': WithForm<Member>;
}

export type Access = keyof Callers;
export type WebRoute = Route<Access, { [A in Access]: Visitor }>;
export type WebExchange<A extends Access> = Exchange<Callers[A]>;
export type WebHandler<A extends Access> = (ctx: Context, exchange: WebExchange<A>) => Promise<Reply> | Reply;

/** A page or form as a row of data. */
export type WebRow = {
  [A in Access]: {
    readonly method: Extract<Method, 'get' | 'post'>;
    readonly path: string;
    readonly access: A;
    readonly handle: WebHandler<A>;
  };
}[Access];

/** Thrown if the visitor has to log in first. */
export class LoginNeeded extends Error {}

function assertToken(ctx: Context, req: IncomingMessage, visitor: Visitor, form: Form, access: Access): void {
  if (!isSameOrigin(req, visitor.origin)) throw new AppError('forbidden', foreignOriginMessage(req, visitor.origin));
  const { formSecret } = visitor;
  if (formSecret === undefined && access === 'link-form') return;
  if (formSecret !== undefined && isCsrfToken(ctx.tokenKey, formSecret, form.raw('csrf_token'))) return;
  throw new AppError(
    'forbidden',
    'This form is too old, or cookies are off: load the page again, and send it once more',
  );
}

/** Postgres cannot store NUL in text, so nothing can have such a name. */
function assertPath(params: Readonly<Record<string, string>>): void {
  if (Object.values(params).some((text) => text.includes('\0'))) throw new AppError('not_found', 'Page not found');
}

/**
 * Admits a visitor to a page or form.
 *
 * @throws LoginNeeded; PasswordNeeded; AppError `not_found` for a path with a NUL, `forbidden`, `invalid` for a body
 *   that is not a form or contains a NUL, `too_large`
 */
export async function admit(
  ctx: Context,
  row: Pick<WebRow, 'method' | 'path' | 'access'>,
  exchange: Exchange<Visitor>,
): Promise<Visitor> {
  const { access } = row;
  const { req, caller: visitor, params } = exchange;
  assertPath(params);
  const needsLogin = access.startsWith('member') || access.startsWith('administrator');
  if (needsLogin && visitor.login === undefined) throw new LoginNeeded();
  if (access.startsWith('administrator') && visitor.login?.account.isAdmin !== true) {
    throw new AppError('forbidden', 'Only administrators can see this');
  }
  if (!access.endsWith('-form')) return visitor;
  const form = await readForm(req);
  assertToken(ctx, req, visitor, form, access);
  const sender: WithForm<Visitor> = { ...visitor, form };
  const isGiven = form.raw(CONFIRM_FIELDS.password) !== '';
  if (!needsLogin || !isMember(sender) || !(needsPassword(row) || isGiven)) return sender;
  return confirmedVisitor(ctx, sender, form);
}

/** Whether the visitor is logged in. */
export function isMember<V extends Visitor>(visitor: V): visitor is V & Member {
  return visitor.login !== undefined;
}

/** The guards of all pages. They only identify the visitor, so that a refusal can be a page for this visitor too. */
export function webGuards(ctx: Context): { readonly [A in Access]: Guard<Visitor> } {
  const guard = (req: IncomingMessage, res: ServerResponse): Promise<Visitor> => welcome(ctx, req, res);
  return {
    file: (req, res) => welcome(ctx, req, res, { isKnown: false }),
    anyone: guard,
    member: guard,
    administrator: guard,
    'anyone-form': guard,
    'link-form': guard,
    'member-form': guard,
    'administrator-form': guard,
  };
}
