import { createHash, randomBytes } from 'node:crypto';

const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** A code, token or client secret: 256 random bits. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Under which a secret is kept. Nobody guesses one, so that a fast hash without salt is enough. */
export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Whether this can be one of ours at all. */
export function isSecret(text: string): boolean {
  return SECRET.test(text);
}
