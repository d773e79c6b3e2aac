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
  { name: 'account-not-found', path: '/account/nothing-here', status: 404 },
];
