import { createHash } from 'node:crypto';
import { ThreadedHashes } from './hash-thread';

/** What was stored, in sums. */
export interface Sums {
  /** of the bytes alone */
  readonly sha256Hex: string;
  /** of the prefix and the bytes behind it; the same as the other without a prefix */
  readonly prefixedSha256Hex: string;
}

/** The sums as digests. */
export function digestsOf({ sha256Hex, prefixedSha256Hex }: Sums): { digest: string; prefixedDigest: string } {
  return { digest: `sha256:${sha256Hex}`, prefixedDigest: `sha256:${prefixedSha256Hex}` };
}

const NOTHING = Buffer.alloc(0);

function toSums([sha256Hex = '', prefixedSha256Hex = sha256Hex]: readonly string[]): Sums {
  return { sha256Hex, prefixedSha256Hex };
}

/** Computes the sums of bytes that are in memory, at once. */
export function sumsOf(bytes: Buffer, prefix?: Buffer): Sums {
  const prefixes = prefix === undefined ? [NOTHING] : [NOTHING, prefix];
  return toSums(prefixes.map((first) => createHash('sha256').update(first).update(bytes).digest('hex')));
}

/** Computes the sums of bytes that come in large pieces, beside the event loop. */
export class RunningSums {
  private readonly hashes: ThreadedHashes;

  constructor(prefix?: Buffer) {
    this.hashes = new ThreadedHashes(prefix === undefined ? [NOTHING] : [NOTHING, prefix]);
  }

  /** @param piece - must not change until this resolves */
  update(piece: Buffer): Promise<void> {
    return this.hashes.update(piece);
  }

  /** Must be called in the end, also by whoever no longer wants to know. */
  async end(): Promise<Sums> {
    return toSums(await this.hashes.end());
  }
}
