/*
 * Every page that people see, in the showcase (`tests/helpers/showcase.ts`): one row for each. What is listed here is
 * held against axe-core, the policy of the pages and the goal for their size (`pages.test.ts`), and photographed
 * (`npm run screenshots`).
 */

/** A page, and who looks at it. */
export interface ListedPage {
  /** of the picture's file */
  readonly name: string;
  readonly path: string;
  /** a user of the showcase; undefined: nobody is logged in */
  readonly as?: string;
  /** 200 unless it is another */
  readonly status?: number;
}

export const PAGES: readonly ListedPage[] = [
  { name: 'account-confirm', path: '/account/confirm' },
  { name: 'account-confirm-used-link', path: `/account/confirm/${'x'.repeat(43)}`, status: 404 },
  { name: 'account-reset', path: '/account/reset' },
  { name: 'account-reset-used-link', path: `/account/reset/${'x'.repeat(43)}`, status: 404 },
  { name: 'login', path: '/account/login/' },
  { name: 'signup', path: '/account/signup/' },
  { name: 'account-settings', path: '/account/settings/', as: 'alice' },
  { name: 'account-emails', path: '/account/emails/', as: 'alice' },
  { name: 'account-password', path: '/account/password/', as: 'alice' },
  { name: 'account-second-factor', path: '/account/second-factor/', as: 'alice' },
  { name: 'account-tokens', path: '/account/tokens/', as: 'alice' },
  { name: 'account-sessions', path: '/account/sessions/', as: 'alice' },
  { name: 'account-applications', path: '/account/applications/', as: 'alice' },
  { name: 'account-teams', path: '/account/teams/', as: 'alice' },
  { name: 'account-not-found', path: '/account/nothing-here', status: 404 },
];
