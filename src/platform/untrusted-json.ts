/* Reading JSON that others wrote: any value may have any shape. The functions here never throw. */

/** A JSON object. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** The value, if it is an object and not a list. */
export function asRecord(value: unknown): JsonRecord | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonRecord) : undefined;
}

/** The words of a command: a list of them, or one; empty when it is neither. */
export function asWords(value: unknown): readonly string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (!Array.isArray(value)) return [];
  const words = (value as readonly unknown[]).slice(0, 1000);
  return words.every((word) => typeof word === 'string') && words.some((word) => word !== '') ? words : [];
}

/** The keys of an object, as `ExposedPorts` and `Volumes` have them. */
export function keysOf(value: unknown): readonly string[] {
  return Object.keys(asRecord(value) ?? {}).slice(0, 1000);
}

/** Characters that move a terminal's cursor or are not text; tabs and line ends are allowed. */
const CONTROL = /(?![\t\n])[\p{Cc}\p{Cs}]/gu;

const MOMENT = /^(\d{4})-\d\d-\d\dT\d\d:\d\d:\d\d/;

/**
 * A short text without control characters.
 *
 * @returns undefined when it is not a text, or an empty one
 */
export function textOf(value: unknown, characters: number): string | undefined {
  if (typeof value !== 'string') return undefined;
  // Cut first, so that the rest costs nothing; twice the length, because characters are removed.
  const text = value
    .slice(0, characters * 2)
    .replaceAll(CONTROL, '')
    .trim();
  if (text === '') return undefined;
  return text.length > characters ? `${text.slice(0, characters - 1)}…` : text;
}

/** A moment. Go writes the year 1 if there is no time. Years before 1970 make no sense for an image. */
export function momentOf(value: unknown): Date | undefined {
  const year = typeof value === 'string' ? MOMENT.exec(value)?.[1] : undefined;
  if (typeof value !== 'string' || year === undefined || Number(year) < 1970) return undefined;
  const moment = new Date(value.slice(0, 64));
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}
