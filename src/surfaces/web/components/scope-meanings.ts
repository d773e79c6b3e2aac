import { isScope, type Scope } from '../../../features/oauth/scopes';

const MEANINGS: Readonly<Record<Scope, string>> = {
  profile_read: 'see your profile',
  profile_write: 'change your profile',
  email_read: 'see your e-mail addresses',
  email_write: 'no more than that: e-mail addresses are changed by you alone',
};

/** What a program may do, in words. */
export function meaningOf(scope: string): string {
  return isScope(scope) ? MEANINGS[scope] : scope;
}
