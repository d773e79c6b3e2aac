import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/*
 * Secrets that must be readable again, and so cannot be hashed: AES-256-GCM under a key of their own, which HKDF
 * derives from the server's. A sealed text is nonce, tag and ciphertext; it opens only for the purpose and owner for
 * which it was sealed.
 */

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The purpose and the owner of a sealed text. */
export interface SealOf {
  readonly purpose: string;
  readonly owner: string;
}

function keyFor(serverKey: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', serverKey, Buffer.alloc(0), `sealing: ${purpose}`, 32));
}

/** Encrypts a text. */
export function seal(serverKey: Buffer, { purpose, owner }: SealOf, text: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keyFor(serverKey, purpose), nonce).setAAD(Buffer.from(owner));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

/**
 * Decrypts a text that `seal` encrypted.
 *
 * @throws Error when it was sealed with another key or for another purpose or owner, or was changed
 */
export function unseal(serverKey: Buffer, { purpose, owner }: SealOf, sealed: Buffer): string {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const options = { authTagLength: TAG_BYTES };
  const decipher = createDecipheriv('aes-256-gcm', keyFor(serverKey, purpose), nonce, options)
    .setAAD(Buffer.from(owner))
    .setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
}
