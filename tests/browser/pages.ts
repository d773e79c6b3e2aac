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

/** Of one area, seen by one user. */
function pagesOf(as: string | undefined, pages: Readonly<Record<string, string>>): ListedPage[] {
  const who = as === undefined ? {} : { as };
  return Object.entries(pages).map(([name, path]) => ({ name, path, ...who }));
}

const ORGANIZATION = pagesOf('alice', {
  organizations: '/organizations/',
  'organization-add': '/organizations/add/',
  organization: '/organizations/acme/',
  'organization-members': '/organizations/acme/members/',
  'organization-teams': '/organizations/acme/teams/',
  'organization-team': '/organizations/acme/teams/developers/',
  'organization-invitations': '/organizations/acme/invitations/',
  'organization-robots': '/organizations/acme/robots/',
  'organization-robot': '/organizations/acme/robots/deploy/',
  'organization-plan': '/organizations/acme/plan/',
  'organization-settings': '/organizations/acme/settings/',
});

const ADMINISTRATION = pagesOf('root', {
  admin: '/admin/',
  'admin-users': '/admin/users/',
  'admin-user': '/admin/users/alice/',
  'admin-plans': '/admin/plans/',
  'admin-storage': '/admin/storage/',
  'admin-jobs': '/admin/jobs/',
  'admin-audit': '/admin/audit/',
  'admin-comments': '/admin/comments/',
  'admin-health': '/admin/health/',
});

const MAIL_LINKS: readonly ListedPage[] = [
  ...pagesOf(undefined, { 'account-confirm': '/account/confirm', 'account-reset': '/account/reset' }),
  { name: 'account-confirm-used-link', path: `/account/confirm/${'x'.repeat(43)}`, status: 404 },
  { name: 'account-reset-used-link', path: `/account/reset/${'x'.repeat(43)}`, status: 404 },
  { name: 'account-invitation-used-link', path: `/account/invitation/${'x'.repeat(43)}`, status: 404 },
];

const ERRORS: readonly ListedPage[] = [
  { name: 'error-not-found', path: '/nothing/here/', status: 404 },
  { name: 'error-forbidden', path: '/admin/', as: 'alice', status: 403 },
  { name: 'error-invalid', path: '/admin/users/?q=%00', as: 'root', status: 400 },
];

export const PAGES: readonly ListedPage[] = [...ORGANIZATION, ...ADMINISTRATION, ...MAIL_LINKS, ...ERRORS];
