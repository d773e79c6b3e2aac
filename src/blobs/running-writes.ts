import { LRUCache } from 'lru-cache';
import { RunningSums } from './hashing';

/** The sums of a write up to an offset. */
export interface RunningWrite {
  /** of the turn that computed them */
  readonly number: number;
  readonly offset: number;
  readonly sums: RunningSums;
}

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

  /** Takes out the sums of all bytes before the offset; undefined when they are not known here. */
  take(id: string, at: { readonly number: number; readonly offset: number }): RunningSums | undefined {
    const known = this.writes.get(id);
    this.writes.delete(id);
    if (known?.number === at.number && known.offset === at.offset) return known.sums;
    if (known !== undefined) forgetSums(known.sums);
    return at.offset === 0 ? new RunningSums() : undefined;
  }

  /** Keeps sums until the next piece comes. */
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
