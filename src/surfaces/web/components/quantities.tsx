import { minuteInUtc } from '../../../platform/utc';
import type { View } from '../view';

/* Numbers, sizes and dates as people read them. */

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** `12.3 MB`: powers of a thousand, as docker prints sizes. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ''}`;
}

/** `1,234`; above that `12.3k` and `4.5M`. */
export function formatCount(count: number): string {
  if (count < 10_000) return count.toLocaleString('en-US');
  return count < 1_000_000 ? `${(count / 1000).toFixed(1)}k` : `${(count / 1_000_000).toFixed(1)}M`;
}

/** `1 star`, `3 stars`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

const STEPS = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['week', 7 * 86_400],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** `3 days ago`, `in 2 weeks`, `just now`. What is to come is rounded: a token for 90 days is good for 3 months. */
export function ago(at: Date, now = new Date()): string {
  const seconds = (at.getTime() - now.getTime()) / 1000;
  for (const [unit, length] of STEPS) {
    const count = seconds > 0 ? Math.round(seconds / length) : Math.trunc(seconds / length);
    if (Math.abs(seconds) >= length) return relative.format(count, unit);
  }
  return 'just now';
}

/**
 * How long ago something was; the exact time is shown on hover, and the script converts it to the reader's time zone.
 */
export function Ago({ at }: { readonly at: Date }): View {
  return (
    <time datetime={at.toISOString()} title={minuteInUtc(at)}>
      {ago(at)}
    </time>
  );
}

/** The exact time of something; the script converts it to the reader's time zone. */
export function Moment({ at }: { readonly at: Date }): View {
  return (
    <time class="exact" datetime={at.toISOString()} title={minuteInUtc(at)}>
      {minuteInUtc(at)}
    </time>
  );
}

/** A size; the exact bytes are shown on hover. */
export function Size({ bytes }: { readonly bytes: number }): View {
  return <span title={`${bytes.toLocaleString('en-US')} bytes`}>{formatBytes(bytes)}</span>;
}

/** `0.4 s`, `42 s`, `3 min 20 s`, `1 h 5 min`. */
export function formatDuration(ms: number): string {
  if (ms < 9950) return `${(Math.max(ms, 0) / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
