import MarkdownIt from 'markdown-it';
import sanitizeHtml from 'sanitize-html';
import { takeThreadRank } from '../../platform/threads/rank';
import { HEADING_ID, IN_PAGE, linkHeadings, markTasks, readBreaksAndComments } from './markdown-rules';

/*
 * Markdown of untrusted users. One library writes the HTML and lets none of the author's through; another then removes
 * everything that is not on a short list, so that a fault in the first does no harm. The result has no class, no style,
 * no picture, no ids except those of headings, and no addresses except those of links.
 */

takeThreadRank(); // threads that write pages load this file too

/** `readme`: with headings and tables; `comment`: only the elements of a few lines. */
export type MarkdownKind = 'readme' | 'comment';

type Token = MarkdownIt.Token;

const INLINE = ['p', 'br', 'em', 'strong', 's', 'code', 'pre', 'blockquote', 'ul', 'ol', 'li', 'a'];
const BLOCK = ['h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'table', 'thead', 'tbody', 'tr', 'th', 'td'];

/** The elements that the HTML may contain. */
export const ALLOWED_ELEMENTS: Readonly<Record<MarkdownKind, readonly string[]>> = {
  readme: [...INLINE, ...BLOCK],
  comment: INLINE,
};

const LINK_REL = 'nofollow noopener noreferrer ugc';
const LINKED = { isLinked: true };
const LEADS_OUT = /^(https?:\/\/|mailto:)/i;

/** Lowers headings below the page's own first rank, without gaps between ranks. */
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

/** Marks pictures that are in a link, because a link cannot contain another one. */
function markLinked(tokens: readonly Token[]): void {
  for (const { children } of tokens) {
    let depth = 0;
    for (const child of children ?? []) {
      if (child.type === 'link_open') depth += 1;
      if (child.type === 'link_close') depth -= 1;
      if (child.type === 'image' && depth > 0) child.meta = LINKED;
    }
  }
}

function createWriter(kind: MarkdownKind): MarkdownIt.MarkdownIt {
  const writer = new MarkdownIt({ html: false, linkify: true, typographer: false, breaks: kind === 'comment' });
  if (kind === 'comment') writer.disable(['table', 'heading', 'lheading', 'hr']);
  readBreaksAndComments(writer);
  // Pictures are on other hosts, which would learn who reads the page. So they become links.
  writer.renderer.rules['image'] = (tokens, index) => {
    const token = tokens[index];
    const text = writer.utils.escapeHtml(token?.content === '' ? 'picture' : (token?.content ?? ''));
    const source = writer.utils.escapeHtml(String(token?.attrGet('src') ?? ''));
    return token?.meta === LINKED ? text : `<a href="${source}">${text}</a>`;
  };
  writer.core.ruler.push('drydock', ({ tokens }) => {
    lowerHeadings(tokens);
    markLinked(tokens);
    linkHeadings(tokens);
    markTasks(tokens);
  });
  return writer;
}

const WRITERS: Readonly<Record<MarkdownKind, MarkdownIt.MarkdownIt>> = {
  readme: createWriter('readme'),
  comment: createWriter('comment'),
};

const HEADINGS = ['h2', 'h3', 'h4', 'h5', 'h6'];

function linkTo(href: string): Record<string, string> {
  if (IN_PAGE.test(href)) return { href };
  // A link without a host would lead to a page of this site that the author did not mean.
  return LEADS_OUT.test(href) ? { href, rel: LINK_REL } : {};
}

const toHeading: sanitizeHtml.Transformer = (tagName, { id = '' }) => ({
  tagName,
  attribs: HEADING_ID.test(id) ? { id } : {},
});

function clean(html: string, kind: MarkdownKind): string {
  return sanitizeHtml(html, {
    allowedTags: [...ALLOWED_ELEMENTS[kind]],
    allowedAttributes: {
      a: ['href', 'rel'],
      pre: ['tabindex'],
      ...Object.fromEntries(HEADINGS.map((heading) => [heading, ['id']])),
    },
    allowedSchemes: ['http', 'https', 'mailto'],
    allowProtocolRelative: false,
    disallowedTagsMode: 'discard',
    transformTags: {
      a: (_name, { href = '' }) => ({ tagName: 'a', attribs: linkTo(href) }),
      ...Object.fromEntries(HEADINGS.map((heading) => [heading, toHeading])),
      // Code scrolls sideways, and must also scroll by keyboard.
      pre: () => ({ tagName: 'pre', attribs: { tabindex: '0' } }),
    },
  });
}

/**
 * Markdown as harmless HTML.
 *
 * @returns for `<MarkdownText>`
 */
export function renderMarkdown(text: string, kind: MarkdownKind): string {
  return clean(WRITERS[kind].render(text), kind);
}

/** The HTML of a text. */
export interface Rendered {
  readonly html: string;
  /** it is only the beginning of the text */
  readonly isCut: boolean;
}

const PARTS = [Infinity, 16_000, 4000];

/** Only a table with empty rows grows so much, and so does any part of it. */
const SWOLLEN = 8;

/** A text, its kind, and the limit of its HTML. */
export interface MarkdownTask {
  readonly text: string;
  readonly kind: MarkdownKind;
  /** the most characters of HTML */
  readonly characters: number;
}

/** The beginning of a text, shown as it was written. */
export function plainBeginning({ text, kind, characters }: MarkdownTask): Rendered {
  const plain = WRITERS[kind].utils.escapeHtml(text.slice(0, Math.floor(characters / 8)));
  return { html: `<pre tabindex="0"><code>${plain}</code></pre>`, isCut: true };
}

/**
 * Markdown as harmless HTML, of a text of any length; if the HTML would be too long for a page, only of its beginning.
 * It may take a tenth of a second or more, so pages use `written-text.ts`, which has threads for it.
 *
 * @param characters - the most characters of HTML
 */
export function renderMarkdownUpTo(text: string, kind: MarkdownKind, characters: number): Rendered {
  for (const part of PARTS) {
    const beginning = text.slice(0, part);
    // HTML that is too long is not cleaned, because cleaning takes most of the time.
    const written = beginning.length > characters ? undefined : WRITERS[kind].render(beginning);
    if (written !== undefined && written.length > SWOLLEN * beginning.length) break;
    if (written === undefined || written.length > 2 * characters) continue;
    const html = clean(written, kind);
    if (html.length <= characters) return { html, isCut: beginning.length < text.length };
  }
  // A short text with such long HTML was written to cause that.
  return plainBeginning({ text, kind, characters });
}

/** The function that the threads run. */
export function render({ text, kind, characters }: MarkdownTask): Rendered {
  return renderMarkdownUpTo(text, kind, characters);
}
