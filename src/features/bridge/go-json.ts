/*
 * JSON as Go's encoding/json writes it, because the digest of a config covers its bytes (bridge 8.1). Objects are maps or
 * entries in the order of the output.
 */

/** What `JSON.parse` returns. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Text that is already JSON, written as Go would. */
export class RawJson {
  constructor(readonly text: string) {}
}

/** A value that can be written. */
export type Writable = JsonValue | RawJson | readonly Writable[] | { readonly [key: string]: Writable };

const SHORT: Readonly<Record<string, string>> = {
  '"': String.raw`\"`,
  '\\': String.raw`\\`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
};

/** What Go escapes so that JSON can stand in HTML. */
const FOR_HTML = /[<>&\u2028\u2029]/g;
/** The same, and quotation marks, backslashes and everything before a space. */
const ESCAPED = /["\\<>&\u2028\u2029]|[^ -\uffff]/g;

function toEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A lone surrogate becomes U+FFFD, as in Go. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

/** A string with Go's escapes. */
export function goString(text: string): string {
  const escaped = wellFormed(text).replace(ESCAPED, (character) => SHORT[character] ?? toEscape(character));
  return `"${escaped}"`;
}

/** A value without whitespace, its keys in the order in which they are. */
export function goJson(value: Writable): string {
  if (value instanceof RawJson) return value.text;
  if (typeof value === 'string') return goString(value);
  if (Array.isArray(value)) return `[${(value as readonly Writable[]).map(goJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value as Readonly<Record<string, Writable>>);
    return `{${entries.map(([key, part]) => `${goString(key)}:${goJson(part)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** The order of Go's keys: by the bytes of UTF-8. */
export function byBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

/** The same with its keys in byte order, as Go writes a map. */
export function goMap(entries: ReadonlyMap<string, Writable>): string {
  const sorted = [...entries].sort(([left], [right]) => byBytes(left, right));
  return `{${sorted.map(([key, value]) => `${goString(key)}:${goJson(value)}`).join(',')}}`;
}

/** Where a string ends that begins at `start`: the place after its quotation mark. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** A value's own text without the whitespace outside of strings, as Go's `Compact` leaves it. */
function compact(text: string): string {
  let result = '';
  for (let at = 0; at < text.length;) {
    const character = text.charAt(at);
    if (character === '"') {
      const end = endOfString(text, at);
      result += text.slice(at, end).replace(FOR_HTML, toEscape);
      at = end;
    } else {
      if (!/\s/.test(character)) result += character;
      at += 1;
    }
  }
  return result;
}

/** Where a value ends that begins at `start`. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length;) {
    const character = text.charAt(at);
    if (character === '"') {
      at = endOfString(text, at);
      continue;
    }
    if (depth === 0 && (character === ',' || character === '}')) return at;
    if (character === '{' || character === '[') depth += 1;
    if (character === '}' || character === ']') depth -= 1;
    at += 1;
  }
  return text.length;
}

/**
 * The members of an object with the text of their values; of a key that comes twice, the last one counts.
 *
 * @param text - valid JSON
 */
export function rawMembers(text: string): Map<string, RawJson> {
  const members = new Map<string, RawJson>();
  let at = text.indexOf('{') + 1;
  for (;;) {
    while (/[\s,]/.test(text.charAt(at))) at += 1;
    if (text.charAt(at) !== '"') return members;
    const end = endOfString(text, at);
    const key = JSON.parse(text.slice(at, end)) as string;
    const start = text.indexOf(':', end) + 1;
    at = endOfValue(text, start);
    members.set(wellFormed(key), new RawJson(compact(text.slice(start, at))));
  }
}
