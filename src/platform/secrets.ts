import { createHash, randomBytes } from 'node:crypto';

const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** A code, token, cookie or part of a link that opens something: 256 random bits, in a form that no log shows. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Under which a secret is kept. Nobody guesses one, so that a fast hash without salt is enough. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Whether this can be one of ours at all. */
export function isSecret(text: string): boolean {
  return SECRET.test(text);
}
