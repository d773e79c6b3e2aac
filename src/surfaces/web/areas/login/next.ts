import { ownPath } from '../../own-path';

/** The page after a login that does not name one. */
const HOME = '/dashboard/';

/** The path with `?next=`, so that a link keeps the page its reader wants to reach. */
export function withNext(path: string, next: string): string {
  return next === HOME ? path : `${path}?next=${encodeURIComponent(next)}`;
}

/** The page that a link or form names for after the login; only our own pages. */
export function nextOf(given: string | null): string {
  return ownPath(given, HOME);
}
