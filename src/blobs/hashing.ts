import { createHash } from 'node:crypto';
import { ThreadedHashes } from './hash-thread';

/** The hashes of stored bytes. */
export interface Sums {
  /** The hash of the bytes alone. */
  readonly sha256Hex: string;
  /** The hash of the prefix followed by the bytes; without a prefix it equals the other one. */
  readonly prefixedSha256Hex: string;
}

/** The hashes as digests. */
export function digestsOf({ sha256Hex, prefixedSha256Hex }: Sums): { digest: string; prefixedDigest: string } {
  return { digest: `sha256:${sha256Hex}`, prefixedDigest: `sha256:${prefixedSha256Hex}` };
}

const NOTHING = Buffer.alloc(0);

function toSums([sha256Hex = '', prefixedSha256Hex = sha256Hex]: readonly string[]): Sums {
  return { sha256Hex, prefixedSha256Hex };
}

/** Hashes bytes that are in memory, synchronously. */
export function sumsOf(bytes: Buffer, prefix?: Buffer): Sums {
  const prefixes = prefix === undefined ? [NOTHING] : [NOTHING, prefix];
  return toSums(prefixes.map((first) => createHash('sha256').update(first).update(bytes).digest('hex')));
}

/** Hashes bytes that come in large pieces, outside of the event loop. */
export class RunningSums {
  private readonly hashes: ThreadedHashes;

  constructor(prefix?: Buffer) {
    this.hashes = new ThreadedHashes(prefix === undefined ? [NOTHING] : [NOTHING, prefix]);
  }

  /** @param piece - must not change until this resolves */
  update(piece: Buffer): Promise<void> {
    return this.hashes.update(piece);
  }

  /** The hashes of the bytes so far. */
  async peek(): Promise<Sums> {
    return toSums(await this.hashes.peek());
  }

  /** Always call this at the end, even if the result is no longer needed. */
  async end(): Promise<Sums> {
    return toSums(await this.hashes.end());
  }
}

/** The sha512 digest of bytes that come in pieces. */
export async function sha512Of(pieces: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<string> {
  const hash = createHash('sha512');
  for await (const piece of pieces) hash.update(piece);
  return `sha512:${hash.digest('hex')}`;
}

/** The hashes of bytes that come in pieces, outside of the event loop. */
export async function sumsOfPieces(pieces: AsyncIterable<Buffer>): Promise<Sums> {
  const sums = new RunningSums();
  try {
    for await (const piece of pieces) await sums.update(piece);
  } catch (error) {
    await sums.end().catch(() => undefined);
    throw error;
  }
  return sums.end();
}
