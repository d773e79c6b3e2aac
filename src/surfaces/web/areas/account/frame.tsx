import type { Reply } from '../../../../platform/http/exchange';
import type { Member } from '../../access';
import { Heading, Sidebar } from '../../components/page-parts';
import type { Fault } from '../../problems';
import { page } from '../../reply';
import type { Children } from '../../view';

const PAGES = {
  '/account/settings/': 'Profile',
  '/account/username/': 'Username',
  '/account/emails/': 'Email addresses',
  '/account/password/': 'Password',
  '/account/second-factor/': 'Two-factor authentication',
  '/account/tokens/': 'Access tokens',
  '/account/sessions/': 'Sessions',
  '/account/applications/': 'Applications',
  '/account/linked/': 'Linked accounts',
  '/account/teams/': 'Teams',
  '/account/plan/': 'Plan and storage',
  '/account/retention/': 'Retention',
  '/account/data/': 'Your data',
  '/account/delete/': 'Delete account',
} as const;

export type AccountPage = keyof typeof PAGES;

/**
 * A page of the visitor's own account.
 *
 * @param more.title - instead of the one of the page in the list
 * @param more.formAction - other sites to which the answers to its forms may redirect
 */
export function accountPage(
  member: Member,
  current: AccountPage,
  content: Children,
  more: Partial<Fault> & { readonly formAction?: readonly string[]; readonly title?: string } = {},
): Reply {
  const { status = 200, headers = {}, formAction = [], title = PAGES[current] } = more;
  const items = Object.entries(PAGES).map(([href, text]) => ({ href, text }));
  return page(
    member,
    { title, status, headers, formAction },
    <Sidebar label="Account settings" items={items} current={current}>
      <Heading title={title} />
      {content}
    </Sidebar>,
  );
}

/** The username of a member. */
export function usernameOf({ login }: Member): string {
  return login.account.username;
}
