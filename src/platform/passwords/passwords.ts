import { createHash } from 'node:crypto';
import bcrypt from 'bcrypt';

/** bcrypt reads 72 bytes and stops at a NUL; a digest keeps every byte of the password that counts. */
function condense(password: string): string {
  return createHash('sha256').update(password, 'utf8').digest('base64');
}

/**
 * @param cost - log2 of bcrypt's rounds
 * @returns what to store: a bcrypt hash over the base64 of the password's sha256
 */
export async function hashPassword(password: string, cost: number): Promise<string> {
  return bcrypt.hash(condense(password), cost);
}

/** Whether this is the password of the stored hash. */
export async function matchesPassword(password: string, storedHash: string): Promise<boolean> {
  return bcrypt.compare(condense(password), storedHash);
}

const decoys = new Map<number, Promise<string>>();

/** A hash that no password matches but that costs as much to compare: an unknown user must not answer faster. */
export function decoyHash(cost: number): Promise<string> {
  const known = decoys.get(cost);
  if (known !== undefined) return known;
  const made = bcrypt.hash('not the hash of any password', cost);
  decoys.set(cost, made);
  return made;
}
