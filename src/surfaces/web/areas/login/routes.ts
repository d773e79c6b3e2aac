import type { WebRow } from '../../access';
import { getLogin, postCode, postLogin, postLogout } from './login';
import { getCallback, getToProvider } from './oidc';
import { postConfirmCode } from './oidc-confirm';
import { postLink, postUnlink } from './oidc-link';
import { postCreateAccount } from './oidc-register';
import { getSignup, postSignup } from './signup';

/** The pages to create an account, to log in and to log out. */
export const loginRows: readonly WebRow[] = [
  { method: 'get', path: '/account/signup', access: 'anyone', handle: getSignup },
  { method: 'post', path: '/account/signup', access: 'anyone-form', handle: postSignup },
  { method: 'get', path: '/account/login', access: 'anyone', handle: getLogin },
  { method: 'post', path: '/account/login', access: 'anyone-form', handle: postLogin },
  { method: 'post', path: '/account/login/code', access: 'anyone-form', handle: postCode },
  { method: 'get', path: '/account/login/oidc', access: 'anyone', handle: getToProvider },
  { method: 'get', path: '/account/login/oidc/callback', access: 'anyone', handle: getCallback },
  { method: 'post', path: '/account/login/oidc/create', access: 'anyone-form', handle: postCreateAccount },
  { method: 'post', path: '/account/login/oidc/confirm', access: 'member-form', handle: postConfirmCode },
  { method: 'post', path: '/account/sign-ins/link', access: 'member-form', handle: postLink },
  { method: 'post', path: '/account/sign-ins/unlink', access: 'member-form', handle: postUnlink },
  { method: 'post', path: '/account/logout', access: 'member-form', handle: postLogout },
];
