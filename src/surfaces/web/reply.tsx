import type { Headers, Reply } from '../../platform/http/exchange';
import { contentSecurityPolicy } from '../../platform/http/page-headers';
import { Layout, type LayoutProps } from './layout';
import { noticeCookie, type Notice } from './notice';
import { ownPath } from './own-path';
import { render, type Children } from './view';
import type { Visitor } from './visitor';

/** What a page is made of, beside its content. */
export interface PageParts extends Omit<LayoutProps, 'visitor' | 'children'> {
  /** 200 unless something is wrong */
  readonly status?: number;
  readonly headers?: Headers;
  /** further receivers of its forms; see `contentSecurityPolicy` */
  readonly formAction?: readonly string[];
}

/**
 * A whole page.
 *
 * @param parts.title - stands in the tab; the page's own `<h1>` is the content's to write
 */
export function page(
  visitor: Visitor,
  { status = 200, headers = {}, formAction = [], ...parts }: PageParts,
  content: Children,
): Reply {
  const markup = (
    <Layout {...parts} visitor={visitor}>
      {content}
    </Layout>
  );
  const body = `<!doctype html>${render(markup)}`; // before the headers: its forms may need a cookie
  const { cookies } = visitor;
  return {
    status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': contentSecurityPolicy({ formAction }),
      ...headers,
      ...(cookies.length === 0 ? {} : { 'Set-Cookie': cookies }),
    },
    body,
  };
}

/**
 * A part of a page, for a script that puts it in the place of an older one.
 */
export function fragment(visitor: Visitor, content: Children): Reply {
  const body = render(<>{content}</>);
  const { cookies } = visitor;
  const setCookie = cookies.length === 0 ? {} : { 'Set-Cookie': cookies };
  const headers = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': contentSecurityPolicy() };
  return { status: 200, headers: { ...headers, ...setCookie }, body };
}

/**
 * Sends the browser on after a form.
 *
 * @param to - a path of ours; what a reader gave goes through `ownPath` first
 * @param options.notice - shown on the next page
 * @param options.cookies - more `Set-Cookie` values
 */
export function redirect(
  visitor: Visitor,
  to: string,
  options: { readonly notice?: Notice | string; readonly cookies?: readonly string[] } = {},
): Reply {
  const { notice } = options;
  const said = typeof notice === 'string' ? { text: notice, kind: 'done' as const } : notice;
  const notices = said === undefined ? [] : [noticeCookie(said, visitor.origin.startsWith('https:'))];
  const cookies = [...visitor.cookies, ...(options.cookies ?? []), ...notices];
  // What is no path of ours, whoever put it together, leads nowhere else.
  const headers = { Location: ownPath(to, '/'), ...(cookies.length === 0 ? {} : { 'Set-Cookie': cookies }) };
  return { status: 303, headers, body: undefined };
}
