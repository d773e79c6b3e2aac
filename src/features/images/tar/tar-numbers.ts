import { TarError } from './tar-error';

/** Bytes up to the first NUL. */
export function cString(field: Buffer): Buffer {
  const end = field.indexOf(0);
  return end < 0 ? field : field.subarray(0, end);
}

/** A number of a tar header: octal digits padded with spaces or NULs, or base-256 when the top bit is set. */
export function parseNumber(field: Buffer): number {
  if (((field[0] ?? 0) & 0x80) !== 0) return parseBase256(field);
  const digits = cString(Buffer.from(field.toString('latin1').replace(/^[ \0]+/, ''), 'latin1'))
    .toString('latin1')
    .trimEnd();
  if (digits === '') return 0;
  if (!/^[0-7]+$/.test(digits)) throw new TarError('a number in a tar header is not octal');
  return Number.parseInt(digits, 8);
}

/** Two's complement, most significant byte first, below the marker bit. */
function parseBase256(field: Buffer): number {
  const isNegative = ((field[0] ?? 0) & 0x40) !== 0;
  let value = 0;
  field.forEach((byte, index) => {
    const bits = isNegative ? byte ^ 0xff : byte;
    value = value * 256 + (index === 0 ? bits & 0x7f : bits);
  });
  return checkSafe(isNegative ? -value - 1 : value);
}

/** A decimal integer of a PAX record. */
export function parseDecimal(text: string): number {
  if (!/^-?\d{1,16}$/.test(text)) throw new TarError('a number in a PAX record is not decimal');
  return checkSafe(Number(text));
}

/** A time of a PAX record in whole seconds, rounded down as the engines do, also before 1970. */
export function parsePaxTime(text: string): number {
  const match = /^(-?\d{1,16})(?:\.(\d*))?$/.exec(text);
  if (match === null) throw new TarError('a time in a PAX record is not decimal');
  const [, seconds = '', fraction = ''] = match;
  const isBelow = seconds.startsWith('-') && /[1-9]/.test(fraction);
  return parseDecimal(seconds) - (isBelow ? 1 : 0);
}

function checkSafe(value: number): number {
  if (!Number.isSafeInteger(value)) throw new TarError('a number in a tar header is too large');
  return value;
}
