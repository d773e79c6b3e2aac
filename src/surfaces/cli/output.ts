/** A cell of a table; numbers are aligned to the right. */
export type Cell = string | number;

/** Writes a line of output. */
export function printLine(line: string): void {
  console.log(line);
}

/** Writes a line for the person to stderr. */
export function printError(line: string): void {
  console.error(line);
}

/** Writes a listing for a program: one JSON document. */
export function printJson(value: unknown): void {
  printLine(JSON.stringify(value, null, 2));
}

/** Writes a listing for a person: aligned columns, two spaces apart. */
export function printTable(header: readonly string[], rows: readonly (readonly Cell[])[]): void {
  for (const line of alignColumns(header, rows)) printLine(line);
}

/** The lines of a table. A column that has a number in its first row is aligned to the right, with its header. */
export function alignColumns(header: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const isNumeric = header.map((_, column) => typeof rows[0]?.[column] === 'number');
  const table = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table.map((row) =>
    row
      .map((cell, column) =>
        isNumeric[column] === true ? cell.padStart(widths[column] ?? 0) : pad(cell, widths[column]),
      )
      .join('  ')
      .trimEnd(),
  );
}

function pad(cell: string, width = 0): string {
  return cell.padEnd(width);
}

const UNITS = ['kB', 'MB', 'GB', 'TB'] as const;

/** Bytes for a person, in powers of 1000: `999 B`, `1.0 kB`, `5.4 GB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  let value = bytes / 1000;
  let unit = 0;
  // A number that rounds to 1000.0 belongs to the next unit.
  while (value >= 999.95 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(1)} ${UNITS[unit] ?? ''}`;
}

/** A point in time for a person, in UTC: `2014-06-09 12:30`. */
export function formatTime(date: Date): string {
  return date.toISOString().slice(0, 16).replace('T', ' ');
}

/** `1 image`, `2 images`. */
export function count(amount: number, noun: string, plural = `${noun}s`): string {
  return `${amount} ${amount === 1 ? noun : plural}`;
}
