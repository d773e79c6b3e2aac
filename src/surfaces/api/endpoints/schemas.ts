import { z } from 'zod';

/** A name in a path; the features decide whether it exists. */
export const nameParam = z.string().min(1).max(255);

/** The numeric id of something in a path. */
export const idParam = z
  .string()
  .regex(/^[1-9]\d{0,14}$/)
  .transform(Number);

/** A point in time, in UTC. */
export const moment = z.iso.datetime();

/** A line of text that a user writes. */
export function line(maxCharacters: number): z.ZodString {
  return z.string().max(maxCharacters);
}
