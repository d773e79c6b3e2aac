import { raw } from 'hono/html';
import type { View } from '../view';

/** The HTML that `markdown.ts` created from the text of another user. No other HTML on a page is unescaped. */
export function MarkdownText({ html }: { readonly html: string }): View {
  return <div class="markdown">{raw(html)}</div>;
}
