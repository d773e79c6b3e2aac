/*
 * Values of JSON as the texts that they are. `JSON.parse` would lose what Go sees: the digits of large numbers, the order of
 * keys, and keys that come twice. Nothing here recurses, so that depth costs nothing. All texts are valid JSON.
 */

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** The text of JSON without whitespace around it, and without a byte order mark, which is not JSON. */
export function jsonText(bytes: Buffer): string {
  return new TextDecoder().decode(bytes).trim();
}

/** Outside of strings, all characters up to the space are whitespace. */
const isSpace = (code: number): boolean => code <= 0x20;

function skipSpace(text: string, start: number): number {
  let at = start;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

/** Where a string ends that begins at `start`: the place after its quotation mark. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (let code = text.charCodeAt(at); code !== QUOTE; code = text.charCodeAt(at)) at += code === BACKSLASH ? 2 : 1;
  return at + 1;
}

/** Where a value ends that begins at `start`, with the whitespace after it. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length;) {
    const code = text.charCodeAt(at);
    const isClosing = CLOSING.has(code);
    if (depth === 0 && (isClosing || code === COMMA)) return at;
    if (OPENING.has(code)) depth += 1;
    if (isClosing) depth -= 1;
    at = code === QUOTE ? endOfString(text, at) : at + 1;
  }
  return text.length;
}

/** What a string means, with U+FFFD for a lone surrogate as in Go; undefined when the value is another one. */
export function stringOf(text: string): string | undefined {
  return text.startsWith('"') ? (JSON.parse(text) as string).replace(/\p{Surrogate}/gu, '\ufffd') : undefined;
}

/** The members of an object in their order, also those that come twice; undefined when the value is another one. */
export function membersOf(text: string): [key: string, value: string][] | undefined {
  if (!text.startsWith('{')) return undefined;
  const members: [string, string][] = [];
  let at = skipSpace(text, 1);
  while (text.charCodeAt(at) === QUOTE) {
    const end = endOfString(text, at);
    const start = skipSpace(text, text.indexOf(':', end) + 1);
    const key = stringOf(text.slice(at, end)) ?? '';
    at = endOfValue(text, start);
    members.push([key, text.slice(start, at).trimEnd()]);
    at = skipSpace(text, at + 1);
  }
  return members;
}

/** The elements of a list; undefined when the value is another one. */
export function elementsOf(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  const elements: string[] = [];
  let at = skipSpace(text, 1);
  while (at < text.length && !CLOSING.has(text.charCodeAt(at))) {
    const end = endOfValue(text, at);
    elements.push(text.slice(at, end).trimEnd());
    at = skipSpace(text, end + 1);
  }
  return elements;
}

/** A value's own text without the whitespace outside of strings. */
export function compact(text: string): string {
  const pieces: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at);
    if (isSpace(code)) {
      pieces.push(text.slice(start, at));
      at = skipSpace(text, at);
      start = at;
    } else {
      at = code === QUOTE ? endOfString(text, at) : at + 1;
    }
  }
  return pieces.join('') + text.slice(start);
}
