import { LRUCache } from 'lru-cache';
import { RunningSums } from './hashing';

/** The sums of a write up to an offset. */
export interface RunningWrite {
  /** of the turn that computed them */
  readonly number: number;
  readonly offset: number;
  readonly sums: RunningSums;
  /** of a file: the bytes before it, and their names, survive a power failure */
  readonly syncedEnd?: number;
  /** of a file: resolves when the digest of its bytes has been written */
  readonly remembered?: Promise<void>;
  /** of a file: the syncs of its pieces that have begun */
  readonly started?: Promise<void>;
}

/** What this process knows of a write whose bytes end at an offset. */
export interface KnownWrite {
  /** undefined: it did not hash all of the bytes */
  readonly sums: RunningSums | undefined;
  readonly syncedEnd: number;
  readonly remembered: Promise<void>;
  readonly started: Promise<void>;
}

const DONE = Promise.resolve();

const KEPT = 200;
const KEPT_MS = 3_600_000;

/** Frees sums that are not needed: the hashing thread keeps them until they end. */
export function forgetSums(sums: RunningSums): void {
  sums.end().catch(() => undefined);
}

/**
 * The running sums of resumable writes in this process. Node cannot save the state of a hash: a write whose pieces went
 * to several processes, or whose sums were dropped here, is read again when it is committed. However many pieces a write
 * has, each byte is hashed once when it arrives, and at most once more at the end.
 */
export class RunningWrites {
  private readonly writes = new LRUCache<string, RunningWrite>({
    max: KEPT,
    ttl: KEPT_MS,
    dispose: ({ sums }, _id, reason) => {
      if (reason !== 'delete') forgetSums(sums);
    },
  });

  /** Takes out what is known of the bytes before the offset. */
  take(id: string, at: { readonly number: number; readonly offset: number }): KnownWrite {
    const known = this.writes.get(id);
    this.writes.delete(id);
    const { syncedEnd = 0, remembered = DONE, started = DONE } = known ?? {};
    if (known?.number === at.number && known.offset === at.offset) {
      return { sums: known.sums, syncedEnd, remembered, started };
    }
    if (known !== undefined) forgetSums(known.sums);
    return { sums: at.offset === 0 ? new RunningSums() : undefined, syncedEnd: 0, remembered, started };
  }

  /** Keeps what is known until the next piece comes. */
  keep(id: string, write: RunningWrite): void {
    this.writes.set(id, write);
  }

  /** Forgets the sums of a write that has ended. */
  forget(id: string): void {
    const known = this.writes.get(id);
    this.writes.delete(id);
    if (known !== undefined) forgetSums(known.sums);
  }
}
