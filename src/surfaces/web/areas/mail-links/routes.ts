import type { WebRow } from '../../access';
import * as account from './account';
import { getInvitationPage, postInvitationPage } from './invitation';

/** The pages behind mailed links, and those that send such a mail. */
export const mailLinkRows: readonly WebRow[] = [
  { method: 'get', path: '/account/confirm', access: 'anyone', handle: account.getConfirmationRequest },
  { method: 'post', path: '/account/confirm', access: 'link-form', handle: account.postConfirmationRequest },
  { method: 'get', path: '/account/confirm/:secret', access: 'anyone', handle: account.getConfirmation },
  { method: 'post', path: '/account/confirm/:secret', access: 'link-form', handle: account.postConfirmation },
  { method: 'get', path: '/account/reset', access: 'anyone', handle: account.getResetRequest },
  { method: 'post', path: '/account/reset', access: 'link-form', handle: account.postResetRequest },
  { method: 'get', path: '/account/reset/:secret', access: 'anyone', handle: account.getReset },
  { method: 'post', path: '/account/reset/:secret', access: 'link-form', handle: account.postReset },
  { method: 'get', path: '/account/invitation/:secret', access: 'anyone', handle: getInvitationPage },
  { method: 'post', path: '/account/invitation/:secret', access: 'link-form', handle: postInvitationPage },
];
