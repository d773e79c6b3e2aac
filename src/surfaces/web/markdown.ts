import MarkdownIt from 'markdown-it';
import sanitizeHtml from 'sanitize-html';

/*
 * Markdown of strangers. One library writes the HTML and lets none of the author's through; another then drops whatever
 * is not on a short list, so that a fault of the first does no harm. No class, no style, no id, no picture and no address
 * but those of links ever come out.
 */

/** `readme`: with headings and tables; `comment`: what fits into a few lines. */
export type MarkdownKind = 'readme' | 'comment';

type Token = MarkdownIt.Token;

const INLINE = ['p', 'br', 'em', 'strong', 's', 'code', 'pre', 'blockquote', 'ul', 'ol', 'li', 'a'];
const BLOCK = ['h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'table', 'thead', 'tbody', 'tr', 'th', 'td'];

/** The elements that come out. */
export const ALLOWED_ELEMENTS: Readonly<Record<MarkdownKind, readonly string[]>> = {
  readme: [...INLINE, ...BLOCK],
  comment: INLINE,
};

const LINK_REL = 'nofollow noopener noreferrer ugc';
const LEADS_OUT = /^(https?:\/\/|mailto:)/i;

/** The page has a heading of the first rank: these come below it, and none leaves a rank out. */
function lowerHeadings(tokens: readonly Token[]): void {
  const above: number[] = [];
  for (const token of tokens) {
    if (token.type !== 'heading_open' && token.type !== 'heading_close') continue;
    const rank = Number(token.tag.slice(1));
    if (token.type === 'heading_open') {
      while ((above.at(-1) ?? 0) >= rank) above.pop();
      above.push(rank);
    }
    token.tag = `h${Math.min(above.length + 1, 6)}`;
  }
}

function isInLink(tokens: readonly Token[], index: number): boolean {
  let depth = 0;
  for (const { type } of tokens.slice(0, index)) depth += type === 'link_open' ? 1 : type === 'link_close' ? -1 : 0;
  return depth > 0;
}

function makeWriter(kind: MarkdownKind): MarkdownIt.MarkdownIt {
  const writer = new MarkdownIt({ html: false, linkify: true, typographer: false, breaks: kind === 'comment' });
  if (kind === 'comment') writer.disable(['table', 'heading', 'lheading', 'hr']);
  // Pictures are on other hosts, which would learn who reads: they become links.
  writer.renderer.rules['image'] = (tokens, index) => {
    const token = tokens[index];
    const text = writer.utils.escapeHtml(token?.content === '' ? 'picture' : (token?.content ?? ''));
    const source = writer.utils.escapeHtml(String(token?.attrGet('src') ?? ''));
    return isInLink(tokens, index) ? text : `<a href="${source}">${text}</a>`;
  };
  writer.core.ruler.push('lower-headings', ({ tokens }) => lowerHeadings(tokens));
  return writer;
}

const WRITERS: Readonly<Record<MarkdownKind, MarkdownIt.MarkdownIt>> = {
  readme: makeWriter('readme'),
  comment: makeWriter('comment'),
};

/**
 * Markdown as HTML that does nothing but show.
 *
 * @returns for `<MarkdownText>`
 */
export function renderMarkdown(text: string, kind: MarkdownKind): string {
  return sanitizeHtml(WRITERS[kind].render(text), {
    allowedTags: [...ALLOWED_ELEMENTS[kind]],
    allowedAttributes: { a: ['href', 'rel'], pre: ['tabindex'] },
    allowedSchemes: ['http', 'https', 'mailto'],
    allowProtocolRelative: false,
    disallowedTagsMode: 'discard',
    transformTags: {
      // A link without a host would lead to a page of ours that the author did not mean.
      a: (_name, { href = '' }) => ({
        tagName: 'a',
        attribs: LEADS_OUT.test(href) ? { href, rel: LINK_REL } : {},
      }),
      // Code scrolls sideways, and must do so by the keyboard, too.
      pre: () => ({ tagName: 'pre', attribs: { tabindex: '0' } }),
    },
  });
}

const PARTS = [Infinity, 16_000, 4000];

/**
 * The same, of a text that may be as long as its author likes: of one that would be too long a page, the beginning.
 *
 * @param characters - the most that comes out
 */
export function renderMarkdownUpTo(
  text: string,
  kind: MarkdownKind,
  characters: number,
): { html: string; isCut: boolean } {
  for (const part of PARTS) {
    const beginning = text.slice(0, part);
    if (beginning.length > characters) continue;
    const html = renderMarkdown(beginning, kind);
    if (html.length <= characters) return { html, isCut: beginning.length < text.length };
  }
  // Short text that becomes long HTML was made to: it is shown as it was written.
  const plain = MarkdownIt().utils.escapeHtml(text.slice(0, Math.floor(characters / 8)));
  return { html: `<pre tabindex="0"><code>${plain}</code></pre>`, isCut: true };
}
