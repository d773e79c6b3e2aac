import type { Context } from '../../context';
import type { Method } from '../../platform/http/route';
import * as account from './account';
import { getInvitationPage, postInvitationPage } from './invitation';
import type { Access, WebHandler, WebRoute } from './access';

/** Everything below it is ours. */
export const WEB_ROOT = '/account';

interface Row {
  readonly method: Method;
  readonly path: string;
  readonly access: Access;
  readonly handle: WebHandler;
}

const ROWS: readonly Row[] = [
  { method: 'get', path: '/account/confirm', access: 'page', handle: account.getConfirmationRequest },
  { method: 'post', path: '/account/confirm', access: 'form', handle: account.postConfirmationRequest },
  { method: 'get', path: '/account/confirm/:secret', access: 'page', handle: account.getConfirmation },
  { method: 'post', path: '/account/confirm/:secret', access: 'form', handle: account.postConfirmation },
  { method: 'get', path: '/account/reset', access: 'page', handle: account.getResetRequest },
  { method: 'post', path: '/account/reset', access: 'form', handle: account.postResetRequest },
  { method: 'get', path: '/account/reset/:secret', access: 'page', handle: account.getReset },
  { method: 'post', path: '/account/reset/:secret', access: 'form', handle: account.postReset },
  { method: 'get', path: '/account/invitation/:secret', access: 'page', handle: getInvitationPage },
  { method: 'post', path: '/account/invitation/:secret', access: 'form', handle: postInvitationPage },
];

/** The rows with their handlers bound to what the process can do. */
export function webRoutes(ctx: Context): WebRoute[] {
  return ROWS.map((row) => ({ ...row, handle: (exchange) => row.handle(ctx, exchange) }));
}
