import { setTimeout as sleep } from 'node:timers/promises';
import { compressionOf, type Compression } from '../platform/bytes/compression';
import { ThreadedGunzip } from './hash-thread';
import type { Gunzipped, GunzipLimits } from './thread-code';

/** What bytes are without compression, as far as it is known. */
export interface Unpacked {
  readonly compression: Compression;
  /** `sha256:<64 lower hex>` of the uncompressed bytes; undefined: not known, because of the format, or for a time */
  readonly digest: string | undefined;
  /** They cannot be unpacked by anyone. */
  readonly isDamaged: boolean;
}

/**
 * Untrusted bytes may expand a thousandfold. Layers expand two to five times; those that expand more are left to a job,
 * for which the namespaces take turns.
 */
const WHILE_ARRIVING: GunzipLimits = { bytes: 16 * 1024 * 1024, factor: 32 };

/** How many pieces may wait for the thread, of one write and of all: they are held in memory. */
const HELD_EACH = 16;
const HELD = 64;

/** How long the end of an upload waits for pieces that are not unpacked yet, which mostly takes milliseconds. */
const LONGEST_WAIT_MS = 2000;

let heldByAll = 0;

/**
 * Unpacks bytes while they arrive, in the hashing thread. An upload never waits for this: if the thread falls behind, as
 * it does when bytes arrive faster than they can be unpacked, it gives up, and the digest stays unknown.
 */
export class UnpackingOnArrival {
  private compression: Compression | undefined;
  private gunzip: ThreadedGunzip | undefined;
  private held = 0;
  private isOver = false;

  /** @param longestWaitMs - how long `finish` waits */
  constructor(private readonly longestWaitMs = LONGEST_WAIT_MS) {}

  /**
   * Resolves when the piece is no longer read; never throws.
   *
   * @param piece - the first has at least the bytes that show the compression, unless there are no others
   */
  async take(piece: Buffer): Promise<void> {
    if (this.compression === undefined) {
      this.compression = compressionOf(piece);
      if (this.compression === 'gzip') this.gunzip = new ThreadedGunzip('urgent', WHILE_ARRIVING);
    }
    if (this.held >= HELD_EACH || heldByAll >= HELD) this.drop();
    if (this.gunzip === undefined || this.isOver) return;
    this.held += 1;
    heldByAll += 1;
    this.isOver = !(await this.gunzip.unpack(piece).catch(() => false)) || this.isOver;
    this.held -= 1;
    heldByAll -= 1;
  }

  /**
   * Resolves when all pieces are unpacked, or that takes too long; never throws.
   *
   * @param digest - of the bytes as they arrived
   */
  async finish(digest: string): Promise<Unpacked> {
    const { compression = compressionOf(Buffer.alloc(0)), gunzip } = this;
    this.gunzip = undefined;
    if (compression === 'none') return { compression, digest, isDamaged: false };
    const found = gunzip === undefined ? UNKNOWN : await endSoon(gunzip, this.longestWaitMs);
    return { compression, digest: digestFrom(found), isDamaged: 'isDamaged' in found };
  }

  /** Gives the work up; also fine after `finish`. */
  drop(): void {
    this.gunzip?.drop();
    this.gunzip = undefined;
  }
}

const UNKNOWN: Gunzipped = { isUnknown: true };

async function endSoon(gunzip: ThreadedGunzip, longestMs: number): Promise<Gunzipped> {
  const late = new AbortController();
  const ended = gunzip.end().catch(() => UNKNOWN);
  const found = await Promise.race([ended, sleep(longestMs, undefined, { signal: late.signal }).catch(() => UNKNOWN)]);
  late.abort();
  if (found === undefined) gunzip.drop();
  return found ?? UNKNOWN;
}

function digestFrom(found: Gunzipped): string | undefined {
  return 'sha256Hex' in found ? `sha256:${found.sha256Hex}` : undefined;
}

/** The pieces that the thread may have at once: one is unpacked while the next one is copied to it. */
const SENT = 2;

/**
 * Unpacks stored gzip bytes, in a thread of lower priority.
 *
 * @param longestBytes - the output is not read further than this
 * @returns the digest of the output, or why there is none
 * @throws what `bytes` throws
 */
export async function gunzipStored(
  bytes: AsyncIterable<Buffer>,
  longestBytes: number,
): Promise<{ readonly digest: string } | { readonly reason: 'damaged' | 'too large' }> {
  const gunzip = new ThreadedGunzip('background', { bytes: longestBytes, factor: 0 });
  const sent: Promise<boolean>[] = [];
  try {
    for await (const piece of bytes) {
      const unpacked = gunzip.unpack(piece);
      unpacked.catch(() => undefined); // awaited when its turn comes
      if (sent.push(unpacked) === SENT && !(await sent.shift())) break;
    }
    await Promise.all(sent);
  } catch (error) {
    gunzip.drop();
    throw error;
  }
  const found = await gunzip.end();
  if ('isUnknown' in found) throw new Error('the gzip data could not be unpacked');
  const digest = digestFrom(found);
  return digest === undefined ? { reason: 'isDamaged' in found ? 'damaged' : 'too large' } : { digest };
}
