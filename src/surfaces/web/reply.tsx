import type { Headers, Reply } from '../../platform/http/exchange';
import { contentSecurityPolicy } from '../../platform/http/page-headers';
import { Layout, type LayoutProps } from './layout';
import { noticeCookie, type Notice } from './notice';
import { ownPath } from './own-path';
import { render, type Children } from './view';
import type { Visitor } from './visitor';

/** The parts of a page, in addition to its content. */
export interface PageParts extends Omit<LayoutProps, 'visitor' | 'children'> {
  /** 200 by default */
  readonly status?: number;
  readonly headers?: Headers;
  /** other sites to which the answers to its forms may redirect; see `contentSecurityPolicy` */
  readonly formAction?: readonly string[];
  /** other sources of pictures */
  readonly img?: readonly string[];
}

/**
 * A whole page.
 *
 * @param parts.title - for the tab; the content has its own `<h1>`
 */
export function page(
  visitor: Visitor,
  { status = 200, headers = {}, formAction = [], img = [], ...parts }: PageParts,
  content: Children,
): Reply {
  const markup = (
    <Layout {...parts} visitor={visitor}>
      {content}
    </Layout>
  );
  const body = `<!doctype html>${render(markup)}`; // before the headers, because its forms may need a cookie
  const { cookies } = visitor;
  return {
    status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': contentSecurityPolicy({ formAction, img }),
      ...headers,
      ...(cookies.length === 0 ? {} : { 'Set-Cookie': cookies }),
    },
    body,
  };
}

/** A part of a page, with which a script replaces an older one. */
export function fragment(visitor: Visitor, content: Children): Reply {
  const body = render(<>{content}</>);
  const { cookies } = visitor;
  const setCookie = cookies.length === 0 ? {} : { 'Set-Cookie': cookies };
  const headers = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': contentSecurityPolicy() };
  return { status: 200, headers: { ...headers, ...setCookie }, body };
}

/**
 * Redirects the browser after a form.
 *
 * @param to - a path of this site; a path from a reader has to go through `ownPath` first
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
  // Anything other than a path of this site, whatever its origin, leads to the first page.
  const headers = { Location: ownPath(to, '/'), ...(cookies.length === 0 ? {} : { 'Set-Cookie': cookies }) };
  return { status: 303, headers, body: undefined };
}
