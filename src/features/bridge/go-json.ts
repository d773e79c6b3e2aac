import { compact, membersOf } from './json-text';

/* JSON as Go's encoding/json writes it, because the digest of a config covers its bytes (bridge 8.1). */

/** Text that is already JSON, written as Go would. */
export class RawJson {
  constructor(readonly text: string) {}
}

/** A map of Go, which is written with its keys in order. */
export class GoMap extends Map<string, Writable> {}

/** A struct of Go, which is written without those of its optional fields that are empty. */
export class GoStruct extends Map<string, Writable> {
  /**
   * @param fields - the zero values, in the order of the struct
   * @param isLeftOut - whether a value of a field is not written
   */
  constructor(
    fields: Iterable<readonly [name: string, zero: Writable]>,
    private readonly isLeftOut: (name: string, value: Writable) => boolean,
  ) {
    super(fields);
  }

  /** What is written of it. */
  written(): [string, Writable][] {
    return [...this].filter(([name, value]) => !this.isLeftOut(name, value));
  }
}

/** A value that can be written. Objects are maps: those of JavaScript do not keep the order of keys that are numbers. */
export type Writable = string | boolean | bigint | null | RawJson | readonly Writable[] | GoMap | GoStruct;

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

/** A string without lone surrogates, with Go's escapes. */
function goString(text: string): string {
  return `"${text.replace(ESCAPED, (character) => SHORT[character] ?? toEscape(character))}"`;
}

/** The members of a map in Go's order: by the bytes of their keys in UTF-8. */
function sorted(map: GoMap): [string, Writable][] {
  const members = [...map].map((member) => ({ member, bytes: Buffer.from(member[0]) }));
  return members.sort((left, right) => Buffer.compare(left.bytes, right.bytes)).map(({ member }) => member);
}

function goObject(members: readonly [string, Writable][]): string {
  return `{${members.map(([key, part]) => `${goString(key)}:${goJson(part)}`).join(',')}}`;
}

/** A value without whitespace. */
export function goJson(value: Writable): string {
  if (value instanceof RawJson) return value.text;
  if (typeof value === 'string') return goString(value);
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (value instanceof GoStruct) return goObject(value.written());
  if (value instanceof GoMap) return goObject(sorted(value));
  return `[${value.map(goJson).join(',')}]`;
}

/**
 * The members of an object with the text of their values, as Go's `RawMessage` keeps it: without whitespace outside of
 * strings. Of a key that comes twice, the last one counts.
 *
 * @param text - valid JSON
 */
export function rawMembers(text: string): [key: string, value: RawJson][] {
  const last = new Map(membersOf(text));
  return [...last].map(([key, value]) => [key, new RawJson(compact(value).replace(FOR_HTML, toEscape))]);
}
