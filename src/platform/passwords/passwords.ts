import { createHash } from 'node:crypto';
import bcrypt from 'bcrypt';

/** bcrypt reads 72 bytes and stops at a NUL; in a digest every byte of the password counts. */
function condense(password: string): string {
  return createHash('sha256').update(password, 'utf8').digest('base64');
}

/**
 * @param cost - the logarithm to base 2 of bcrypt's rounds
 * @returns the hash to store: bcrypt over the base64 of the password's sha256
 */
export async function hashPassword(password: string, cost: number): Promise<string> {
  return bcrypt.hash(condense(password), cost);
}

/** Whether this is the password of the stored hash. */
export async function matchesPassword(password: string, storedHash: string): Promise<boolean> {
  return bcrypt.compare(condense(password), storedHash);
}

const decoys = new Map<number, Promise<string>>();

/** A hash that no password matches but that takes as long to compare: an unknown user must not be answered faster. */
export function decoyHash(cost: number): Promise<string> {
  const known = decoys.get(cost);
  if (known !== undefined) return known;
  const made = bcrypt.hash('no password condenses to this', cost);
  decoys.set(cost, made);
  return made;
}
