import { InvalidArgumentError } from 'commander';

const MEGABYTE = 1_000_000;

/** Reads the value of `--rate`, in megabytes per second. @throws InvalidArgumentError when it is not a number */
export function parseRate(text: string): number {
  if (/^\d{1,9}(\.\d+)?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a number of megabytes per second.');
}

/** The rate in bytes; undefined: no limit. */
export function bytesPerSecondOf(rate: number): number | undefined {
  return rate === 0 ? undefined : rate * MEGABYTE;
}
