import { InvalidArgumentError } from 'commander';

/** A hundred years: the times of the database reach only some thousand years back. */
const MOST_HOURS = 876_000;

/** The value of an option. @throws InvalidArgumentError when it is not a number of hours */
export function parseHours(text: string): number {
  const hours = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && hours <= MOST_HOURS) return hours;
  throw new InvalidArgumentError('Expected a number of hours.');
}
