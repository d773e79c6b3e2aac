import { z } from 'zod';

/** A name in a path; whether there is such a thing is for the features to say. */
export const nameParam = z.string().min(1).max(255);

/** The number of something in a path. */
export const idParam = z
  .string()
  .regex(/^[1-9]\d{0,14}$/)
  .transform(Number);

/** A moment, in UTC. */
export const moment = z.iso.datetime();

/** A line of text that somebody writes. */
export function line(maxCharacters: number): z.ZodString {
  return z.string().max(maxCharacters);
}
