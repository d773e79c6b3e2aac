/** How long a soak takes: DRYDOCK_SOAK_MINUTES, 10 unless it is set. */
export const MINUTES = Number(process.env['DRYDOCK_SOAK_MINUTES'] ?? '10');

/** Shows a line at once: Jest keeps what goes through `console` until the end. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
