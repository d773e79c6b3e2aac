import { asking, ANYBODY } from '../../helpers/actors';
import { renderMarkdownUpTo } from '../../../src/surfaces/web/markdown';
import { MARKDOWN_THREAD, writtenText } from '../../../src/surfaces/web/written-text';
import { GatedThreads } from '../../../src/platform/threads/gated-threads';

const writers = (longestMs = 20_000, each = 8): GatedThreads =>
  new GatedThreads(MARKDOWN_THREAD, {
    threads: 1,
    heapMegabytes: 128,
    longestMs,
    runningEach: 1,
    waiting: 8,
    each,
    refusal: { sentence: 'Too many', retryAfterSeconds: 1 },
  });

let textWriters: GatedThreads;
afterEach(() => textWriters.end());

/** A thousand characters that take a third of a second: the cells of a table multiply. */
const slow = (mark: string): string => `${mark}\n\n|${'a|'.repeat(90)}\n|${'-|'.repeat(90)}\n${'|\n'.repeat(500)}`;
const readme = (text: string) => ({ text, kind: 'readme', characters: 64_000 }) as const;

it('a long text, and one with a table, are written in a thread, once, with the same result as without one', async () => {
  textWriters = writers();
  const long = `# Title\n\n${'some *text*, '.repeat(100)}`;
  for (const text of [long, slow('first'), '| a |\n|---|\n| 1 |']) {
    const expected = renderMarkdownUpTo(text, 'readme', 64_000);
    expect(await writtenText({ textWriters }, asking(ANYBODY), readme(text))).toEqual(expected);
    expect(await writtenText({ textWriters }, asking(ANYBODY), readme(text))).toEqual(expected);
  }
  expect(textWriters.load.ended).toBe(3);
});

it('a short text needs no thread', async () => {
  textWriters = writers();
  expect(await writtenText({ textWriters }, asking(ANYBODY), readme('a *b*'))).toEqual({
    html: '<p>a <em>b</em></p>\n',
    isCut: false,
  });
  expect(textWriters.load.ended).toBe(0);
});

it('a text that takes too long is shown as it was written', async () => {
  textWriters = writers(1);
  const text = `${slow('late')}<script>`;
  const { html, isCut } = await writtenText({ textWriters }, asking(ANYBODY), readme(text));
  expect(html.startsWith('<pre tabindex="0"><code>late\n\n|a|a|')).toBe(true);
  expect([isCut, html.includes('<script>')]).toEqual([true, false]);
});

it('one text too many at once is shown as it was written too, and tried again next time', async () => {
  textWriters = writers(20_000, 1);
  const [first, second] = await Promise.all([
    writtenText({ textWriters }, asking(ANYBODY), readme(slow('one'))),
    writtenText({ textWriters }, asking(ANYBODY), readme('plain words\n\n'.repeat(50))),
  ]);
  expect(first).toEqual(renderMarkdownUpTo(slow('one'), 'readme', 64_000));
  expect(second.html.startsWith('<pre')).toBe(true);
  const again = await writtenText({ textWriters }, asking(ANYBODY), readme('plain words\n\n'.repeat(50)));
  expect(again.html.startsWith('<p>plain words</p>')).toBe(true);
});

it('nothing is written for a client that disconnects', async () => {
  textWriters = writers();
  const gone = new AbortController();
  const asked = writtenText({ textWriters }, { actor: ANYBODY, signal: gone.signal }, readme(slow('gone')));
  gone.abort(new Error('gone'));
  await expect(asked).rejects.toThrow('gone');
  expect(textWriters.load.running).toBe(0);
});
