import { createHash } from 'node:crypto';
import path from 'node:path';
import { LRUCache } from 'lru-cache';
import type { Needs } from '../../context';
import type { Actor } from '../../features/access/actor';
import { networkOf } from '../../features/accounts/login-limits';
import { AppError } from '../../platform/errors';
import { ThreadOverrun } from '../../platform/threads/thread-pool';
import { plainBeginning, renderMarkdownUpTo, type MarkdownKind, type MarkdownTask, type Rendered } from './markdown';

/** The file that the threads for HTML run. */
export const MARKDOWN_THREAD = path.join(__dirname, 'markdown.js');

/** The most HTML of a text, so that its page stays within its own limit. */
const SHOWN_CHARACTERS: Readonly<Record<MarkdownKind, number>> = { readme: 64_000, comment: 24_000 };

/** The HTML of recent texts, because they are read more often than written. */
const cache = new LRUCache<string, Rendered>({
  max: 2000,
  maxSize: 16 * 1024 * 1024,
  sizeCalculation: ({ html }) => html.length + 200,
});

/** Up to this length, and without a table, whose cells multiply, writing HTML is faster than handing it to a thread. */
const SHORT_CHARACTERS = 500;

function isShort({ text }: MarkdownTask): boolean {
  return text.length <= SHORT_CHARACTERS && !text.includes('|');
}

async function renderInThread(
  ctx: Needs<'textWriters'>,
  { actor, signal }: { readonly actor: Actor; readonly signal: AbortSignal },
  task: MarkdownTask,
): Promise<{ rendered: Rendered; isFinal: boolean }> {
  try {
    const rendered = await ctx.textWriters.run(networkOf(actor.address), signal, (ask) => ask('render', task));
    return { rendered: rendered as Rendered, isFinal: true };
  } catch (error) {
    const isBusy = error instanceof AppError && error.code === 'busy';
    if (!isBusy && !(error instanceof ThreadOverrun)) throw error;
    return { rendered: plainBeginning(task), isFinal: !isBusy };
  }
}

/**
 * Markdown of an untrusted user as harmless HTML; if that takes too long, as it was written. If the HTML would be too
 * long for a page, only of the beginning.
 *
 * @param asker.signal - aborts the work
 * @param asked.characters - the most characters of HTML; by default, what fits on the page of its kind
 */
export async function writtenText(
  ctx: Needs<'textWriters'>,
  asker: { readonly actor: Actor; readonly signal: AbortSignal },
  asked: Pick<MarkdownTask, 'text' | 'kind'> & Partial<MarkdownTask>,
): Promise<Rendered> {
  const { text, kind, characters = SHOWN_CHARACTERS[kind] } = asked;
  const task = { text, kind, characters };
  const key = `${kind} ${characters} ${createHash('sha256').update(text).digest('base64')}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const { rendered, isFinal } = isShort(task)
    ? { rendered: renderMarkdownUpTo(text, kind, characters), isFinal: true }
    : await renderInThread(ctx, asker, task);
  if (isFinal) cache.set(key, rendered);
  return rendered;
}
