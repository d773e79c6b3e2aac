import { createHash } from 'node:crypto';

const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** The algorithms of digests that clients may use; blobs are stored under their sha256. */
export type DigestAlgorithm = 'sha256' | 'sha512';

/** Whether this is a digest that can be stored here: sha256 or sha512 in lower-case hex. */
export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** The algorithm of a digest. */
export function algorithmOf(digest: string): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

/** The digest of bytes in memory. */
export function digestOf(bytes: Buffer, algorithm: DigestAlgorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}
