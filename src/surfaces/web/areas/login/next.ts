import { ownPath } from '../../own-path';

/** Where somebody goes who wants nowhere in particular. */
const HOME = '/dashboard/';

/** `?next=` for a link that should not lose where its reader wants to go. */
export function withNext(path: string, next: string): string {
  return next === HOME ? path : `${path}?next=${encodeURIComponent(next)}`;
}

/** Where a link or form says to go to after the login; our own pages only. */
export function nextOf(given: string | null): string {
  return ownPath(given, HOME);
}
