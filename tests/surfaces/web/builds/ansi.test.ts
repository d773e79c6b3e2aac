import { lineHtml, markedHtml } from '../../../../src/surfaces/web/areas/builds/log/ansi';

const ESC = '\x1b';
const line = (html: string): string => `<span class="line">${html}\n</span>`;

describe('a line of a log as HTML', () => {
  it.each([
    ['plain <b>&"\'', 'plain &lt;b&gt;&amp;&quot;&#39;'],
    [`${ESC}[31mred${ESC}[0m plain`, '<span class="t-1">red</span> plain'],
    [
      `${ESC}[1;32mboth${ESC}[22m green${ESC}[39m none`,
      '<span class="t-2 t-bold">both</span><span class="t-2"> green</span> none',
    ],
    [`${ESC}[91mbright${ESC}[m end`, '<span class="t-1">bright</span> end'],
    [`${ESC}[3;4;7mall${ESC}[23;24;27m none`, '<span class="t-italic t-underlined t-inverse">all</span> none'],
    [`${ESC}[38;5;196mcube`, '<span class="t-1">cube</span>'],
    [`${ESC}[38;5;4mnamed`, '<span class="t-4">named</span>'],
    [`${ESC}[38;5;240mgrey`, '<span class="t-0">grey</span>'],
    [`${ESC}[38;2;10;200;20mtrue`, '<span class="t-2">true</span>'],
    [`${ESC}[48;5;1;34mafter a background`, '<span class="t-4">after a background</span>'],
    [`${ESC}[48;2;1;2;3;35mafter a background`, '<span class="t-5">after a background</span>'],
    [`${ESC}[38;5;999mnone`, 'none'],
    [`${ESC}[38mnone`, 'none'],
  ])('%j is %s', (text, html) => expect(lineHtml(text)).toBe(line(html)));

  it.each([
    `${ESC}]8;;javascript:alert(1)${ESC}\\link${ESC}]8;;${ESC}\\`,
    `${ESC}[2J${ESC}[1;1Hlink`,
    `${ESC}]0;title\x07link`,
    `${ESC}Pdevice${ESC}\\link`,
    `\x9b31mlink`,
    `li\x00nk\x08`,
    `\u202elink`,
    `${ESC}[${'1;'.repeat(40)}mlink`,
  ])('%j leaves nothing but its text (R313)', (text) => {
    expect(lineHtml(text)).toBe(line('link'));
  });

  it('has no attribute that a log could write (R331)', () => {
    const html = lineHtml(`${ESC}[31m" onclick="alert(1)${ESC}[38;5;1" style="m</span><script>`);
    expect(html).not.toMatch(/<(?!\/?span)/);
    expect([...html.matchAll(/<span ([^>]*)>/g)].map(([, attributes]) => attributes)).toEqual([
      'class="line"',
      'class="t-1"',
    ]);
  });
});

describe('a line with marks', () => {
  it('marks each place, in any case of letters', () => {
    expect(markedHtml('<Error>: an error', 'error')).toBe(line('&lt;<mark>Error</mark>&gt;: an <mark>error</mark>'));
  });

  it('marks nothing if lower case moves the places', () => {
    expect(markedHtml('İ error', 'error')).toBe(line('İ error'));
  });
});
