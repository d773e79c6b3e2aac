import { raw } from 'hono/html';
import type { View } from '../view';

/**
 * What `markdown.ts` made of the words of a stranger. The only HTML on a page that is not escaped.
 */
export function MarkdownText({ html }: { readonly html: string }): View {
  return <div class="markdown">{raw(html)}</div>;
}
