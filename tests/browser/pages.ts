import { NODE_CHAIN } from '../helpers/showcase/library';
import type { TestServer } from '../helpers/test-server';

/*
 * Every page that people see, in the showcase (`tests/helpers/showcase.ts`), one row for each. The tests check each
 * with axe-core, its policy and its size (`pages.test.ts`), and `npm run screenshots` takes pictures of it.
 */

/** A page, and the user who looks at it. */
export interface ListedPage {
  /** the name of the picture's file */
  readonly name: string;
  /**
   * `{client}` stands for the program that acts for alice, `{digest}` for the first manifest of her repository,
   * `{failed}` and `{running}` for builds, `{rule}` for a build rule
   */
  readonly path: string;
  /** a user of the showcase; undefined: an anonymous visitor */
  readonly as?: string;
  /** 200 by default */
  readonly status?: number;
}

/** The address of a page on a server. */
export async function addressOf({ path }: ListedPage, { ctx }: TestServer): Promise<string> {
  const client = await ctx.db('oauth_clients').first('client_id');
  const manifest = await ctx.db('manifests').orderBy('id').first('digest');
  const failed = await ctx.db('builds').where({ state: 'error' }).orderBy('id', 'desc').first('id');
  const rule = await ctx.db('build_rules').orderBy('id').first('id');
  const running = await ctx.db('builds').where({ state: 'building' }).first('id');
  return path
    .replace('{client}', String(client.client_id))
    .replace('{digest}', String(manifest.digest))
    .replace('{failed}', String(failed.id))
    .replace('{running}', String(running.id))
    .replace('{rule}', String(rule.id));
}

/** The pages of one area, seen by one user. */
function pagesOf(as: string | undefined, pages: Readonly<Record<string, string>>): ListedPage[] {
  const who = as === undefined ? {} : { as };
  return Object.entries(pages).map(([name, path]) => ({ name, path, ...who }));
}

const PUBLIC: readonly ListedPage[] = [
  ...pagesOf(undefined, {
    home: '/',
    explore: '/explore/',
    'explore-newest': '/explore/?sort=newest',
    search: '/search?q=shop',
    'search-nothing': '/search?q=zeppelin',
    'search-users': '/search?q=a&type=users',
    'search-organizations': '/search?q=acme&type=organizations',
    start: '/start/',
    'api-docs': '/docs/api/',
    'profile-visitor': '/u/alice/',
    'organization-visitor': '/u/acme/',
    'repository-official': '/_/debian/',
    'repository-visitor': '/r/alice/shop/',
    'repository-comments-visitor': '/r/alice/shop/comments/',
  }),
  ...pagesOf('alice', { 'home-member': '/', 'profile-own': '/u/alice/', 'profile-organization': '/u/acme/' }),
];

const LAYER = `/r/alice/shop/images/${NODE_CHAIN[4]?.id}/`;

const REPOSITORY = pagesOf('alice', {
  repository: '/r/alice/shop/',
  'repository-empty': '/r/alice/empty/',
  'repository-private': '/r/alice/diary/',
  'repository-tags': '/r/alice/shop/tags/',
  'repository-tag': '/r/alice/shop/tags/2.0/',
  'repository-tag-delete': '/r/alice/shop/tags/latest/delete/',
  'repository-tag-copy': '/r/alice/shop/tags/latest/copy/',
  'repository-image': LAYER,
  'repository-files': `${LAYER}files/`,
  'repository-files-folder': `${LAYER}files/?directory=/usr/local/bin`,
  'repository-tree': '/r/alice/shop/tree/',
  'repository-today': '/r/alice/api/',
  'repository-tags-today': '/r/alice/api/tags/',
  'repository-tag-image': '/r/alice/api/tags/1.9/',
  'repository-tag-index': '/r/alice/api/tags/2.0/',
  'repository-tag-artifact': '/r/alice/api/tags/chart-2.0.0/',
  'repository-tag-index-delete': '/r/alice/api/tags/2.0/delete/',
  'repository-manifest': '/r/alice/api/manifests/{digest}/',
  'repository-history': '/r/alice/shop/history/',
  'repository-statistics': '/r/alice/shop/statistics/',
  'repository-comments': '/r/alice/shop/comments/',
});

const BUILDS = [
  ...pagesOf('alice', {
    'repository-builds': '/r/alice/harbour/builds/',
    'repository-builds-ordinary': '/r/alice/shop/builds/',
    'repository-build': '/r/alice/harbour/builds/{failed}/',
    'repository-build-searched': '/r/alice/harbour/builds/{failed}/?q=npm',
    'repository-dockerfile': '/r/alice/harbour/builds/dockerfile/',
    'build-source': '/r/alice/harbour/settings/builds/',
    'build-source-new': '/r/alice/shop/settings/builds/',
    'build-rules': '/r/alice/harbour/settings/builds/rules/',
    'build-rule': '/r/alice/harbour/settings/builds/rules/{rule}/',
    'build-triggers': '/r/alice/harbour/settings/builds/triggers/',
  }),
  ...pagesOf(undefined, {
    'repository-automated': '/r/alice/harbour/',
    'repository-builds-visitor': '/r/alice/harbour/builds/',
    'repository-build-running': '/r/alice/harbour/builds/{running}/',
  }),
];

const SETTINGS = pagesOf('alice', {
  'repository-settings': '/r/alice/shop/settings/',
  'repository-collaborators': '/r/alice/shop/settings/collaborators/',
  'repository-teams': '/r/acme/site/settings/teams/',
  'repository-immutable-tags': '/r/alice/shop/settings/tags/',
  'repository-retention': '/r/alice/shop/settings/retention/',
  'repository-webhooks': '/r/alice/shop/settings/webhooks/',
  'repository-webhook': '/r/alice/shop/settings/webhooks/1/',
  'repository-delivery': '/r/alice/shop/settings/webhooks/1/deliveries/1/',
  'repository-delivery-failed': '/r/alice/shop/settings/webhooks/2/deliveries/3/',
  'repository-move': '/r/alice/shop/settings/move/',
  'repository-delete': '/r/alice/shop/settings/delete/',
});

const DASHBOARD = pagesOf('alice', {
  dashboard: '/dashboard/',
  'dashboard-organization': '/dashboard/?namespace=acme',
  'dashboard-starred': '/dashboard/starred/',
  'dashboard-activity': '/dashboard/activity/',
  'repository-add': '/repository/add/',
  'repository-add-automated': '/repository/add/automated/',
});

/** The redirect URI of the showcase's program. */
const BACK = encodeURIComponent('https://app.example.com/back');

const ACCOUNT: readonly ListedPage[] = [
  ...pagesOf('alice', {
    'account-settings': '/account/settings/',
    'account-username': '/account/username/',
    'account-emails': '/account/emails/',
    'account-password': '/account/password/',
    'account-second-factor': '/account/second-factor/',
    'account-tokens': '/account/tokens/',
    'account-sessions': '/account/sessions/',
    'account-applications': '/account/applications/',
    'account-linked': '/account/linked/',
    'account-linked-repositories': '/account/linked/gitlab/',
    'account-linked-build': '/account/linked/gitlab/add/?repository=alice-there%2Fshop',
    'account-teams': '/account/teams/',
    'account-plan': '/account/plan/',
    'account-retention': '/account/retention/',
    'account-data': '/account/data/',
    'account-delete': '/account/delete/',
    'account-consent': `/api/v1.1/o/authorize/?client_id={client}&response_type=code&redirect_uri=${BACK}`,
  }),
  ...pagesOf('erin', { 'account-invitations': '/account/teams/' }),
];

const LOGIN = pagesOf(undefined, {
  login: '/account/login/',
  signup: '/account/signup/',
});

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
  'organization-retention': '/organizations/acme/retention/',
  'organization-settings': '/organizations/acme/settings/',
});

const ADMINISTRATION = pagesOf('root', {
  admin: '/admin/',
  'admin-users': '/admin/users/',
  'admin-user': '/admin/users/alice/',
  'admin-plans': '/admin/plans/',
  'admin-storage': '/admin/storage/',
  'admin-namespace': '/admin/namespaces/alice/',
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
  { name: 'error-repository-not-found', path: '/r/alice/diary/', as: 'erin', status: 404 },
  { name: 'error-consent', path: '/api/v1.1/o/authorize/?client_id=nobody', status: 400 },
  { name: 'error-not-found', path: '/nothing/here/', status: 404 },
  { name: 'error-forbidden', path: '/admin/', as: 'alice', status: 403 },
  { name: 'error-invalid', path: `/search?q=${'a'.repeat(201)}`, as: 'root', status: 400 },
];

export const PAGES: readonly ListedPage[] = [
  ...PUBLIC,
  ...REPOSITORY,
  ...BUILDS,
  ...SETTINGS,
  ...DASHBOARD,
  ...pagesOf('bobby', { 'dashboard-shared': '/dashboard/shared/' }),
  ...pagesOf('erin', { 'dashboard-empty': '/dashboard/', 'dashboard-activity-empty': '/dashboard/activity/' }),
  ...LOGIN,
  ...ACCOUNT,
  ...ORGANIZATION,
  ...ADMINISTRATION,
  ...MAIL_LINKS,
  ...ERRORS,
];
