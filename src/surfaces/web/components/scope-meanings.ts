import { isScope, type Scope } from '../../../features/oauth/scopes';

const MEANINGS: Readonly<Record<Scope, string>> = {
  profile_read: 'see your profile',
  profile_write: 'change your profile',
  email_read: 'see your email addresses',
  email_write: 'nothing more: only you can change your email addresses',
};

/** A description of what a scope lets a program do. */
export function meaningOf(scope: string): string {
  return isScope(scope) ? MEANINGS[scope] : scope;
}
