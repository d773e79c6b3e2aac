/* Sizes as operators write them and as we show them: `500m`, `10g`. The units are powers of 1024. */

const FACTORS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };
const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Reads a number of bytes, or a number followed by k, m, g or t. Returns undefined for anything else. */
export function readByteSize(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,15})([kmgtKMGT]?)$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * (FACTORS[unit.toLowerCase()] ?? 1);
}

/** Writes a size as `readByteSize` reads it, exactly: `10g`, `1536m`, `12`. */
export function writeByteSize(bytes: number): string {
  const [unit = '', factor = 1] = Object.entries(FACTORS).findLast(([, size]) => bytes > 0 && bytes % size === 0) ?? [];
  return `${bytes / factor}${unit}`;
}

/** Formats a size for people: `10 GiB`, `1.5 MiB`, `12 bytes`. */
export function showByteSize(bytes: number): string {
  const power = bytes === 0 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${Number((bytes / 1024 ** power).toFixed(1))} ${UNITS[power] ?? ''}`;
}
