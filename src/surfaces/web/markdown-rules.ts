import type MarkdownIt from 'markdown-it';

/*
 * The parts of READMEs from other sites that plain Markdown does not cover: links to the headings of the same text,
 * lists of tasks, comments that are not shown, and `<br>`. No other HTML of an author is read.
 */

type Token = MarkdownIt.Token;
type Writer = MarkdownIt.MarkdownIt;

/** The prefix of the ids of an author's headings, so that none equals the id of a part of the page. */
const ID_PREFIX = 'readme-';
const ID_CHARACTERS = 100;

/** The address of a heading in the same text, as `linkHeadings` writes it. */
export const IN_PAGE = /^#readme-[^\s"'<>]{1,600}$/;

/** The id of a heading, as `linkHeadings` writes it. */
export const HEADING_ID = /^readme-[\p{L}\p{N}_-]{1,110}$/u;

/** The id as GitHub forms it: `## How to use it?` is `how-to-use-it`. */
function slugOf(heading: string): string {
  const words = heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '');
  return words.replaceAll(/\s/g, '-').slice(0, ID_CHARACTERS);
}

function textOf(inline: Token | undefined): string {
  const texts = (inline?.children ?? []).filter(({ type }) => type === 'text' || type === 'code_inline');
  return texts.map(({ content }) => content).join('');
}

/** Gives each heading its own id; if two have the same words, the second gets a number, as on GitHub. */
function nameHeadings(tokens: readonly Token[]): Set<string> {
  const slugs = new Set<string>();
  const repeated = new Map<string, number>();
  for (const [at, token] of tokens.entries()) {
    if (token.type !== 'heading_open') continue;
    const base = slugOf(textOf(tokens[at + 1]));
    if (base === '') continue;
    let count = repeated.get(base) ?? 0;
    while (slugs.has(count === 0 ? base : `${base}-${count}`)) count += 1;
    repeated.set(base, count);
    const slug = count === 0 ? base : `${base}-${count}`;
    slugs.add(slug);
    token.attrSet('id', ID_PREFIX + slug);
  }
  return slugs;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Makes links to headings of the same text work. A link to a missing heading leads nowhere. */
export function linkHeadings(tokens: readonly Token[]): void {
  const slugs = nameHeadings(tokens);
  for (const link of tokens.flatMap(({ children }) => children ?? [])) {
    const href = link.type === 'link_open' ? String(link.attrGet('href') ?? '') : '';
    if (!href.startsWith('#')) continue;
    const slug = decoded(href.slice(1)).toLowerCase();
    link.attrSet('href', slugs.has(slug) ? `#${ID_PREFIX}${encodeURIComponent(slug)}` : '');
  }
}

const TASK = /^\[([ xX])\]\s+/;
const [OPEN_TASK, DONE_TASK] = ['\u2610 ', '\u2611 '];

/** Shows the tasks of a list, `- [x] done`, with a box in front. */
export function markTasks(tokens: readonly Token[]): void {
  for (const [at, token] of tokens.entries()) {
    const [first] = token.type === 'inline' && tokens[at - 2]?.type === 'list_item_open' ? (token.children ?? []) : [];
    const mark = first?.type === 'text' ? TASK.exec(first.content) : null;
    if (first === undefined || mark === null) continue;
    first.content = (mark[1] === ' ' ? OPEN_TASK : DONE_TASK) + first.content.slice(mark[0].length);
  }
}

const OPENS = '<!--';
const CLOSES = '-->';
const BREAK = /^<br\s{0,20}\/?>/i;

/**
 * The texts, and the lines of a block, after which no comment ends: otherwise each comment that opens would search for
 * its end again.
 */
interface Endless {
  endlessText?: string;
  endlessLines?: Map<number, number>;
}

/** Reads `<br>` as a line break, and omits comments. */
export function readBreaksAndComments(writer: Writer): void {
  writer.inline.ruler.before('autolink', 'break_or_comment', (state, silent) => {
    const { src, pos } = state;
    if (src[pos] !== '<') return false;
    const [lineBreak] = BREAK.exec(src.slice(pos, pos + 30)) ?? [];
    if (lineBreak !== undefined) {
      if (!silent) state.push('hardbreak', 'br', 0);
      state.pos += lineBreak.length;
      return true;
    }
    const env = state.env as Endless;
    if (!src.startsWith(OPENS, pos) || env.endlessText === src) return false;
    const end = src.indexOf(CLOSES, pos + OPENS.length);
    if (end === -1) env.endlessText = src;
    else state.pos = end + CLOSES.length;
    return end !== -1;
  });
  writer.block.ruler.before(
    'paragraph',
    'comment',
    (state, startLine, endLine, silent) => {
      const lineAt = (line: number): string =>
        state.src.slice((state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0), state.eMarks[line]);
      if (!lineAt(startLine).startsWith(OPENS)) return false;
      const env = state.env as Endless;
      const endless = (env.endlessLines ??= new Map<number, number>());
      if (startLine >= (endless.get(endLine) ?? Infinity)) return false;
      let line = startLine;
      while (line < endLine && !lineAt(line).includes(CLOSES)) line += 1;
      if (line === endLine) {
        endless.set(endLine, startLine);
        return false;
      }
      // If text follows it, the comment is a part of a paragraph.
      if (!lineAt(line).trimEnd().endsWith(CLOSES)) return false;
      if (!silent) state.line = line + 1;
      return true;
    },
    { alt: ['paragraph', 'reference', 'blockquote'] },
  );
}
