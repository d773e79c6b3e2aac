/** A duration for a sentence: `2 hours`, `90 seconds`. */
export function inTime(ms: number): string {
  const [count, unit] = [[ms / 3_600_000, 'hour'] as const, [ms / 60_000, 'minute'] as const].find(
    ([each]) => Number.isInteger(each) && each > 0,
  ) ?? [ms / 1000, 'second'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
