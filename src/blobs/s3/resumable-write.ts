import { algorithmOf } from '../../platform/bytes/digest';
import { inTransaction, type Db } from '../../platform/db/db';
import { digestsOf, sha512Of, sumsOfPieces, type RunningSums } from '../hashing';
import { WriteDigestError, WriteOffsetError, WriteTooLongError } from '../resumable';
import { forgetSums, type RunningWrites } from '../running-writes';
import type { StoredBlob } from '../stored-blob';
import type { Bucket } from './bucket';
import { isMissing } from './errors';
import { ObjectBytes } from './object-bytes';
import { newObjectKey } from './object-keys';
import { ObjectParts } from './object-parts';
import { assertSize } from './object-write';
import { PartsWriter } from './parts-writer';
import * as pending from './pending-writes.store';
import type { ResumableState } from './resumable-rows.store';
import type { Turn } from './turns';

/** S3 refuses shorter parts, except for the last one. */
const SHORTEST_PART = 5 * 1024 * 1024;

const NOTHING = Buffer.alloc(0);

/** What the writes of a store share. */
export interface WritesOf {
  readonly bucket: Bucket;
  readonly db: Db;
  /** the hashes of this process' writes */
  readonly running: RunningWrites;
}

/** Why a piece ended before its end. */
interface BrokenOff {
  readonly reason: unknown;
}

function sizeOf({ parts, tailBytes }: ResumableState): number {
  return parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, tailBytes);
}

/**
 * A resumable write during a turn of this process. What arrived is the parts of a multipart upload, and an object with
 * the tail, which is too short for a part. Each piece replaces the tail; a write without parts becomes a blob by its
 * tail alone.
 */
export class ResumableWrite {
  private state: ResumableState;
  private isKept = false;
  private readonly id: string;

  constructor(
    private readonly of: WritesOf,
    private readonly turn: Turn,
  ) {
    this.state = turn.row;
    this.id = turn.row.id;
  }

  /** Appends a piece; see `ResumableWrites.append`. */
  async append(offset: number, bytes: AsyncIterable<Buffer>, limitBytes: number): Promise<number> {
    const size = sizeOf(this.state);
    if (size !== offset) throw new WriteOffsetError(this.id, size);
    const { sums } = this.of.running.take(this.id, { number: 0, offset });
    try {
      const brokenOff = await this.receive(sums, bytes, limitBytes);
      if (brokenOff === undefined) return sizeOf(this.state);
      throw brokenOff.reason;
    } catch (error) {
      if (sums !== undefined && !this.isKept) forgetSums(sums);
      throw error;
    }
  }

  /** Makes the bytes a blob; see `ResumableWrites.commit`. */
  async commit(digest: string): Promise<StoredBlob> {
    const { sha256, tailKey } = this.state;
    const isSha256 = algorithmOf(digest) === 'sha256';
    if (sha256 !== null && isSha256) this.assertDigest(`sha256:${sha256}`, digest);
    const sizeBytes = sizeOf(this.state);
    const key = await this.assemble();
    const sha256Hex = sha256 ?? (await this.sha256Of(key));
    const sha512 = isSha256 ? undefined : await sha512Of(await this.piecesOf(key));
    this.assertDigest(sha512 ?? `sha256:${sha256Hex}`, digest);
    await inTransaction(this.of.db, async (tx) => {
      await this.turn.remove(tx);
      await pending.finish(tx, key);
    });
    if (tailKey !== null && tailKey !== key) await this.deleteObject(tailKey).catch(() => undefined); // a sweep does
    const digests = digestsOf({ sha256Hex, prefixedSha256Hex: sha256Hex });
    return { ...digests, ...(sha512 === undefined ? {} : { sha512 }), sizeBytes, key };
  }

  private assertDigest(actual: string, expected: string): void {
    if (actual !== expected) throw new WriteDigestError(this.id, actual);
  }

  private async receive(
    sums: RunningSums | undefined,
    bytes: AsyncIterable<Buffer>,
    limitBytes: number,
  ): Promise<BrokenOff | undefined> {
    const parts = this.parts();
    const before = await this.takeTail(parts);
    let rest = before;
    const writer = new PartsWriter(
      async (part, isLast) => {
        if (isLast) rest = part;
        else await parts.send(part);
      },
      sums && { update: (piece) => sums.update(piece) },
      before,
    );
    try {
      const brokenOff = await this.copyInto(writer, bytes, limitBytes);
      await writer.finish();
      await this.keep(parts, rest, sums);
      return brokenOff;
    } finally {
      await writer.release();
    }
  }

  /** @throws WriteTooLongError */
  private async copyInto(
    writer: PartsWriter,
    bytes: AsyncIterable<Buffer>,
    limitBytes: number,
  ): Promise<BrokenOff | undefined> {
    let end = sizeOf(this.state);
    const source = bytes[Symbol.asyncIterator]();
    for (;;) {
      let next: IteratorResult<Buffer>;
      try {
        next = await source.next();
      } catch (reason) {
        return { reason };
      }
      if (next.done === true) return undefined;
      end += next.value.length;
      try {
        if (end > limitBytes) throw new WriteTooLongError(this.id, limitBytes);
        await writer.take(next.value);
      } catch (error) {
        await source.return?.().catch(() => undefined);
        throw error;
      }
    }
  }

  private parts(): ObjectParts {
    const { bucket } = this.of;
    const { key, uploadId, parts } = this.state;
    const begin = async (): Promise<string> => {
      if (uploadId !== null) return uploadId;
      await pending.begin(this.of.db, key);
      const begun = await bucket.beginParts(key);
      await this.record({ ...this.state, uploadId: begun });
      return begun;
    };
    return new ObjectParts(bucket, key, begin, parts);
  }

  /** The tail, to continue it; a long one becomes a part where it is. */
  private async takeTail(parts: ObjectParts): Promise<Buffer> {
    const { tailKey, tailBytes } = this.state;
    if (tailKey === null) return NOTHING;
    if (tailBytes >= SHORTEST_PART) {
      await parts.copy(tailKey, tailBytes);
      return NOTHING;
    }
    const pieces: Buffer[] = [];
    for await (const piece of await this.piecesOf(tailKey)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  /** Stores the new tail, and records it with the parts. */
  private async keep(parts: ObjectParts, rest: Buffer, sums: RunningSums | undefined): Promise<void> {
    const { db, bucket, running } = this.of;
    const oldTail = this.state.tailKey;
    const tailKey = rest.length === 0 ? null : newObjectKey();
    const arrived = await parts.all();
    const sha256 = sums === undefined ? null : (await sums.peek()).sha256Hex;
    if (tailKey !== null) {
      await pending.begin(db, tailKey);
      await bucket.put(tailKey, rest);
    }
    try {
      await this.record({ ...this.state, parts: arrived, tailKey, tailBytes: rest.length, sha256 });
    } catch (error) {
      if (tailKey !== null) await this.deleteObject(tailKey).catch(() => undefined); // a sweep does
      throw error;
    }
    if (oldTail !== null) await this.deleteObject(oldTail).catch(() => undefined); // a sweep does
    if (sums !== undefined) running.keep(this.id, { number: 0, offset: sizeOf(this.state), sums });
    this.isKept = true;
  }

  private async record(state: ResumableState): Promise<void> {
    await this.turn.record(state);
    this.state = state;
  }

  /** Makes one object of what arrived; resolves to its key. */
  private async assemble(): Promise<string> {
    const { bucket, db } = this.of;
    const { key, parts, tailKey, tailBytes } = this.state;
    const sizeBytes = sizeOf(this.state);
    if (parts.length === 0 && tailKey !== null) return tailKey;
    if (parts.length === 0) {
      await pending.begin(db, key);
      await bucket.put(key, NOTHING);
      return key;
    }
    const all = this.parts();
    if (tailKey !== null) await all.copy(tailKey, tailBytes);
    await all.complete().catch((error: unknown) => {
      if (!isMissing(error)) throw error; // otherwise a commit that was cut off has done it
    });
    await assertSize(bucket, key, sizeBytes);
    const whole = { key: newObjectKey(), uploadId: null, parts: [], tailKey: key, tailBytes: sizeBytes };
    await this.record({ ...this.state, ...whole });
    return key;
  }

  private async piecesOf(key: string): Promise<AsyncIterable<Buffer>> {
    return (await ObjectBytes.open(this.of.bucket, key)).stream() as AsyncIterable<Buffer>;
  }

  private async sha256Of(key: string): Promise<string> {
    return (await sumsOfPieces(await this.piecesOf(key))).sha256Hex;
  }

  private async deleteObject(key: string): Promise<void> {
    await this.of.bucket.delete([key]);
    await pending.forget(this.of.db, [key]);
  }
}
