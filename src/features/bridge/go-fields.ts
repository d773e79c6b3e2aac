import { GoMap, GoStruct, type Writable } from './go-json';
import { goTime } from './go-time';
import { elementsOf, membersOf, stringOf } from './json-text';

/*
 * Reading JSON as Go's encoding/json reads it into a struct: keys in any case, unknown keys ignored, and a field that comes
 * twice read into what the first one left. A value of the wrong type is what docker refuses; here it changes nothing.
 */

/**
 * Reads a value.
 *
 * @param before - what the field has already
 * @param refuse - called when docker would refuse the value
 */
export type Read = (text: string, before: Writable, refuse: () => void) => Writable;

/** How a field is read and written. */
export interface Kind {
  readonly read: Read;
  /** its value when it is absent, which `read` may change */
  readonly zero: () => Writable;
  /** whether Go calls the value empty, so that an optional field is left out */
  readonly isEmpty: (value: Writable) => boolean;
}

/** A field of a struct. */
export interface Field extends Kind {
  readonly name: string;
  readonly isOptional: boolean;
}

const isNull = (value: Writable): boolean => value === null;

function isEmpty(value: Writable): boolean {
  if (value instanceof Map) return value.size === 0;
  return Array.isArray(value) ? value.length === 0 : value === null || value === '' || value === false || value === 0n;
}

/** A kind whose values have one form; null changes nothing. */
function scalar(zero: Writable, valueOf: (text: string) => Writable | undefined): Kind {
  const read: Read = (text, before, refuse) => {
    const value = text === 'null' ? before : valueOf(text);
    if (value === undefined) refuse();
    return value ?? before;
  };
  return { read, zero: () => zero, isEmpty };
}

function integerOf(text: string): bigint | undefined {
  const value = /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined;
  return value !== undefined && BigInt.asIntN(64, value) === value ? value : undefined;
}

export const text = scalar('', stringOf);
export const flag = scalar(false, (value) => (value === 'true' || value === 'false' ? value === 'true' : undefined));
export const integer = scalar(0n, integerOf);
/** Go reads a time from its text as it is, with no escapes. */
export const time = (zero: string): Kind =>
  scalar(zero, (value) => (value.startsWith('"') ? goTime(value.slice(1, -1)) : undefined));

/** A kind that null makes null. */
function nullable(read: Read): Kind {
  return { read: (value, ...rest) => (value === 'null' ? null : read(value, ...rest)), zero: () => null, isEmpty };
}

/** A pointer. What it points to is never empty. */
export function pointer({ read }: Kind): Kind {
  return { ...nullable(read), isEmpty: isNull };
}

/** A list; a second one replaces the first. */
export function listOf(element: Kind): Kind {
  return nullable((value, before, refuse) => {
    const elements = elementsOf(value);
    if (elements === undefined) refuse();
    return elements?.map((part) => element.read(part, element.zero(), refuse)) ?? before;
  });
}

export const texts = listOf(text);

/** A list of words, which may be one string instead. */
export const words = nullable((value, before, refuse) => {
  const word = stringOf(value);
  return word === undefined ? texts.read(value, before, refuse) : [word];
});

/** A map; one that comes twice is the union. */
export function mapOf(element: Kind): Kind {
  return nullable((value, before, refuse) => {
    const members = membersOf(value);
    if (members === undefined) refuse();
    const map = before instanceof GoMap ? before : new GoMap();
    for (const [key, part] of members ?? []) map.set(key, element.read(part, element.zero(), refuse));
    return members === undefined ? before : map;
  });
}

/** A name as Go compares it with the names of fields. */
export function folded(name: string): string {
  return name.toLowerCase().replaceAll('\u017f', 's');
}

/** An object with known fields, which are written in this order; one that comes twice is read into the same. */
export function struct(fields: readonly Field[]): Kind {
  const byName = new Map(fields.map((field) => [field.name, field]));
  const byFolded = new Map(fields.map((field) => [folded(field.name), field]));
  const isLeftOut = (name: string, value: Writable): boolean => {
    const field = byName.get(name);
    return field?.isOptional === true && field.isEmpty(value);
  };
  const zero = (): GoStruct =>
    new GoStruct(
      fields.map((field) => [field.name, field.zero()] as const),
      isLeftOut,
    );
  const read: Read = (value, before, refuse) => {
    const members = membersOf(value);
    if (members === undefined && value !== 'null') refuse();
    if (members === undefined) return before;
    const values = before instanceof GoStruct ? before : zero();
    for (const [key, part] of members) {
      const field = byFolded.get(folded(key));
      if (field !== undefined) values.set(field.name, field.read(part, values.get(field.name) ?? null, refuse));
    }
    return values;
  };
  return { read, zero, isEmpty: () => false };
}
