import type { WebRow } from '../../access';
import { getLogin, postCode, postLogin, postLogout } from './login';
import { getSignup, postSignup } from './signup';

/** The pages to create an account, to log in and to log out. */
export const loginRows: readonly WebRow[] = [
  { method: 'get', path: '/account/signup', access: 'anyone', handle: getSignup },
  { method: 'post', path: '/account/signup', access: 'anyone-form', handle: postSignup },
  { method: 'get', path: '/account/login', access: 'anyone', handle: getLogin },
  { method: 'post', path: '/account/login', access: 'anyone-form', handle: postLogin },
  { method: 'post', path: '/account/login/code', access: 'anyone-form', handle: postCode },
  { method: 'post', path: '/account/logout', access: 'member-form', handle: postLogout },
];
