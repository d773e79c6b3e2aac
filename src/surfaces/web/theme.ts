import type { IncomingMessage } from 'node:http';
import { cookie, readCookie } from '../../platform/http/cookies';

/*
 * Light or dark, as the reader chose. Without a choice, pages follow the reader's system. The choice is in a cookie of
 * the browser, so that a page is sent in its colours.
 */

export type Theme = 'system' | 'light' | 'dark';

/** A theme, and when `dark.css` holds. */
export interface ThemeChoice {
  readonly theme: Theme;
  readonly label: string;
  /** for the stylesheet with the dark colours; paper stays white */
  readonly media: string;
  /** for `<meta name="color-scheme">` */
  readonly scheme: string;
}

const SYSTEM: ThemeChoice = {
  theme: 'system',
  label: 'System',
  media: '(prefers-color-scheme: dark)',
  scheme: 'light dark',
};

/** The choices, in the order of their buttons. */
export const THEMES: readonly ThemeChoice[] = [
  SYSTEM,
  { theme: 'light', label: 'Light', media: 'not all', scheme: 'light' },
  { theme: 'dark', label: 'Dark', media: 'screen', scheme: 'dark' },
];

const NAME = 'drydock_theme';
const YEAR_SECONDS = 365 * 24 * 3600;

/** The theme of this name; that of the system for any other name. */
export function themeNamed(name: string | undefined): ThemeChoice {
  return THEMES.find(({ theme }) => theme === name) ?? SYSTEM;
}

/** The theme of a browser. */
export function readTheme(req: IncomingMessage): ThemeChoice {
  return themeNamed(readCookie(req, NAME));
}

/** The `Set-Cookie` value that keeps a theme. */
export function themeCookie({ theme }: ThemeChoice, isSecure: boolean): string {
  return cookie(NAME, theme, { maxAgeSeconds: theme === 'system' ? 0 : YEAR_SECONDS, isSecure });
}
