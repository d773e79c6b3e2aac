import { createHash, randomBytes } from 'node:crypto';

const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** A code, token, cookie or part of a link that grants access: 256 random bits, in a form that no log shows. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** The key under which a secret is stored. Nobody can guess a secret, so a fast hash without salt is enough. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Whether the text has the form of our secrets. */
export function isSecret(text: string): boolean {
  return SECRET.test(text);
}
