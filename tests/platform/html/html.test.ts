import { html } from '../../../src/platform/html/html';

it('escapes whatever is put in, in text and in attributes', () => {
  const nasty = `<script>"&'</script>`;
  const escaped = '&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;';
  expect(html`<p title="${nasty}">${nasty}</p>`.toString()).toBe(`<p title="${escaped}">${escaped}</p>`);
});

it('lets markup in as it is, once', () => {
  const inner = html`<b>${'<'}</b>`;
  expect(html`<p>${inner}${[inner, '&', [7]]}${undefined}</p>`.toString()).toBe('<p><b>&lt;</b><b>&lt;</b>&amp;7</p>');
});

it('does not take an object for markup that only looks like it', () => {
  const forged = { markup: '<b>', toString: () => '<b>' } as unknown as string;
  expect(() => html`<p>${forged}</p>`.toString()).toThrow(TypeError);
});
