import { createHash } from 'node:crypto';

/** The bytes are not those of the digest. */
export class BlobDigestError extends Error {
  override readonly name = 'BlobDigestError';

  constructor(
    readonly expected: string,
    readonly digest: string,
  ) {
    super(`bytes of ${expected} have the digest ${digest}`);
  }
}

/**
 * The same bytes, if they are those of a digest. The last chunk is held back until that is known, so that a writer never
 * completes wrong bytes.
 *
 * @param digest - `sha256:<64 lower hex>`
 * @throws BlobDigestError instead of the last chunk
 */
export async function* withDigest(bytes: AsyncIterable<Buffer>, digest: string): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let last: Buffer | undefined;
  for await (const chunk of bytes) {
    if (last !== undefined) yield last;
    hash.update(chunk);
    last = chunk;
  }
  const found = `sha256:${hash.digest('hex')}`;
  if (found !== digest) throw new BlobDigestError(digest, found);
  if (last !== undefined) yield last;
}
