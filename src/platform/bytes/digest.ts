import { createHash } from 'node:crypto';

/** The algorithms of digests that registries use. */
export type DigestAlgorithm = 'sha256' | 'sha512';

/** The algorithm of a digest. */
export function algorithmOf(digest: string): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

/** The digest of bytes in memory, or of a text in UTF-8. */
export function digestOf(bytes: Buffer | string, algorithm: DigestAlgorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}
