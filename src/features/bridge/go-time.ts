/** The time of Go that stands for none. */
export const ZERO_TIME = '0001-01-01T00:00:00Z';

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** Whether the day and the time of day exist: `Date` would take another day for 31 April. */
function exists(seconds: string): boolean {
  const date = new Date(`${seconds}Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(seconds);
}

/**
 * A time of RFC 3339 as Go writes it: nanoseconds without zeros at the end.
 *
 * @returns undefined when the text is not a time, and so refused by all engines
 */
export function goTime(text: string): string | undefined {
  const [, seconds, digits = '', zone = ''] = TIME.exec(text) ?? [];
  if (seconds === undefined || !exists(seconds)) return undefined;
  const fraction = digits.slice(0, 9).replace(/0+$/, '');
  return `${seconds}${fraction === '' ? '' : `.${fraction}`}${/^(?:Z|.00:00)$/.test(zone) ? 'Z' : zone}`;
}
