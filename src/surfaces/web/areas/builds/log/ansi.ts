import { cleanLine } from '../../../../../features/builds/log-text';

/*
 * Lines of a log as HTML. Of the sequences of terminals, those for colours and styles (SGR) become classes, which the
 * stylesheet knows; all others are dropped. Backgrounds are left out, because text on them can be unreadable. A style
 * ends with its line.
 */

interface Style {
  /** 0 to 7, as terminals count colours */
  colour: number | undefined;
  isBold: boolean;
  isItalic: boolean;
  isUnderlined: boolean;
  isInverse: boolean;
}

const PLAIN: Style = { colour: undefined, isBold: false, isItalic: false, isUnderlined: false, isInverse: false };

/** The nearest of the eight colours. */
function nearest(red: number, green: number, blue: number): number {
  const half = Math.max(red, green, blue, 2) / 2;
  return (red > half ? 1 : 0) + (green > half ? 2 : 0) + (blue > half ? 4 : 0);
}

/** One of the 256 colours: 16 named ones, a cube of 6 × 6 × 6, and greys. */
function indexed(index: number): number | undefined {
  if (index > 255) return undefined;
  if (index < 16) return index % 8;
  if (index >= 232) return index < 244 ? 0 : 7;
  const at = index - 16;
  return nearest(Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6);
}

/** Reads `5;n` or `2;r;g;b` after 38 or 48. @returns the colour, and how many codes it took */
function extended(codes: readonly number[]): [colour: number | undefined, count: number] {
  const [kind, first = 0, second = 0, third = 0] = codes;
  if (kind === 5) return [indexed(first), 2];
  return kind === 2 ? [nearest(first, second, third), 4] : [undefined, codes.length];
}

function applyOne(style: Style, code: number): void {
  if (code === 0) Object.assign(style, PLAIN);
  else if (code === 1) style.isBold = true;
  else if (code === 3) style.isItalic = true;
  else if (code === 4) style.isUnderlined = true;
  else if (code === 7) style.isInverse = true;
  else if (code === 22) style.isBold = false;
  else if (code === 23) style.isItalic = false;
  else if (code === 24) style.isUnderlined = false;
  else if (code === 27) style.isInverse = false;
  else if (code === 39) style.colour = undefined;
  else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) style.colour = code % 10;
}

function apply(style: Style, parameters: string): void {
  const codes = parameters.split(/[;:]/).map(Number);
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code !== 38 && code !== 48) {
      applyOne(style, code);
      continue;
    }
    const [colour, count] = extended(codes.slice(at + 1));
    if (code === 38) style.colour = colour;
    at += count;
  }
}

function classesOf({ colour, isBold, isItalic, isUnderlined, isInverse }: Style): string {
  const classes = [
    colour === undefined ? '' : `t-${colour}`,
    isBold ? 't-bold' : '',
    isItalic ? 't-italic' : '',
    isUnderlined ? 't-underlined' : '',
    isInverse ? 't-inverse' : '',
  ];
  return classes.filter((name) => name !== '').join(' ');
}

const ESCAPED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPED[character] ?? '');
}

/** The line of a log as HTML. @param line - untrusted, without its line feed */
export function lineHtml(line: string): string {
  const style = { ...PLAIN };
  // Every second part is the parameters of a sequence.
  // eslint-disable-next-line no-control-regex
  const parts = cleanLine(line).split(/\x1b\[([0-9;:]*)m/);
  const html = parts.map((part, at) => {
    if (at % 2 === 1) apply(style, part);
    if (at % 2 === 1 || part === '') return '';
    const classes = classesOf(style);
    return classes === '' ? escape(part) : `<span class="${classes}">${escape(part)}</span>`;
  });
  return `<span class="line">${html.join('')}\n</span>`;
}

/** A line without colours as HTML, with the places marked where a text is. @param text - in lower case */
export function markedHtml(plain: string, text: string): string {
  const lower = plain.toLowerCase();
  let html = '';
  let at = 0;
  // A character may be longer in lower case: then nothing is marked, because the places would be wrong.
  for (let found = lower.length === plain.length ? lower.indexOf(text) : -1; found >= 0;) {
    html += `${escape(plain.slice(at, found))}<mark>${escape(plain.slice(found, found + text.length))}</mark>`;
    at = found + text.length;
    found = lower.indexOf(text, at);
  }
  return `<span class="line">${html}${escape(plain.slice(at))}\n</span>`;
}
