/*
 * When a schedule is due: the five fields of cron (minute, hour, day of the month, month, day of the week), UTC, with
 * `*`, numbers, ranges, steps and lists. If both days are given, either of them is enough, as in every cron.
 */

const RANGES = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;

/** A date that never comes, such as the 30th of February, is not looked for beyond the next leap years. */
const DAYS = 366 * 9;
const DAY_MS = 86_400_000;

interface Schedule {
  readonly fields: readonly ReadonlySet<number>[];
  readonly hasDay: boolean;
  readonly hasWeekday: boolean;
}

function parsePart(part: string, [low, high]: readonly [number, number]): number[] | undefined {
  const [, range = '', step] = /^(\*|\d{1,2}(?:-\d{1,2})?)(?:\/(\d{1,2}))?$/.exec(part) ?? [];
  if (range === '') return undefined;
  const [first = low, last] = range === '*' ? [low, high] : range.split('-').map(Number);
  const end = last ?? (step === undefined ? first : high);
  const by = Number(step ?? 1);
  if (first < low || end > high || first > end || by < 1) return undefined;
  return Array.from({ length: Math.floor((end - first) / by) + 1 }, (_, index) => first + index * by);
}

function parseField(text: string, range: readonly [number, number]): Set<number> | undefined {
  const parts = text.split(',').map((part) => parsePart(part, range));
  const values = parts.flatMap((part) => part ?? []);
  return parts.includes(undefined) ? undefined : new Set(values);
}

function parse(text: string): Schedule | undefined {
  const texts = text.trim().split(/\s+/);
  if (texts.length !== RANGES.length) return undefined;
  const fields = RANGES.flatMap((range, index) => parseField(texts[index] ?? '', range) ?? []);
  if (fields.length !== RANGES.length) return undefined;
  if (fields[4]?.has(7) === true) fields[4].add(0);
  return { fields, hasDay: !texts[2]?.startsWith('*'), hasWeekday: !texts[4]?.startsWith('*') };
}

function isOnDay({ fields, hasDay, hasWeekday }: Schedule, day: Date): boolean {
  const [, , days, months, weekdays] = fields;
  if (months?.has(day.getUTCMonth() + 1) !== true) return false;
  const isDay = days?.has(day.getUTCDate()) === true;
  const isWeekday = weekdays?.has(day.getUTCDay()) === true;
  return hasDay && hasWeekday ? isDay || isWeekday : isDay && isWeekday;
}

/**
 * The next moment of a schedule.
 *
 * @param after - the moment is later than this
 * @returns undefined when the text is not a schedule, or is never due
 */
export function nextMoment(text: string, after: Date): Date | undefined {
  const schedule = parse(text);
  if (schedule === undefined) return undefined;
  const [minutes = new Set<number>(), hours = new Set<number>()] = schedule.fields;
  const today = Math.floor(after.getTime() / DAY_MS) * DAY_MS;
  for (let at = today; at < today + DAYS * DAY_MS; at += DAY_MS) {
    if (!isOnDay(schedule, new Date(at))) continue;
    const times = [...hours].flatMap((hour) => [...minutes].map((minute) => at + (hour * 60 + minute) * 60_000));
    const next = times.sort((left, right) => left - right).find((time) => time > after.getTime());
    if (next !== undefined) return new Date(next);
  }
  return undefined;
}

/** Whether a schedule is due at most once an hour. */
export function isHourlyAtMost(text: string): boolean {
  return parse(text)?.fields[0]?.size === 1;
}
