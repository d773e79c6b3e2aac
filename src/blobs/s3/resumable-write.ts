import { algorithmOf } from '../../platform/bytes/digest';
import { inTransaction, type Db } from '../../platform/db/db';
import { digestsOf, sha512Of, sumsOfPieces, type RunningSums } from '../hashing';
import { limited } from '../limited-bytes';
import { UnknownWriteError, WriteDigestError, WriteOffsetError } from '../resumable';
import { forgetSums, type RunningWrites } from '../running-writes';
import type { StoredBlob } from '../stored-blob';
import { Aside } from './aside';
import type { Bucket } from './bucket';
import { isMissing } from './errors';
import { ObjectBytes } from './object-bytes';
import { newObjectKey } from './object-keys';
import { deleteObjects } from './object-deletion';
import { beginUpload, ObjectParts } from './object-parts';
import { assertSize } from './object-write';
import { shortestPartOf } from './part-sizes';
import { PartsWriter } from './parts-writer';
import { takePiece, type BrokenOff } from './pieces';
import * as pending from './pending-writes.store';
import type { ResumableState } from './resumable-rows.store';
import type { Turn } from './turns';

const NOTHING = Buffer.alloc(0);

/** What the writes of a store share. */
export interface WritesOf {
  readonly bucket: Bucket;
  readonly db: Db;
  /** the hashes of this process' writes */
  readonly running: RunningWrites;
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
    await this.takeUpCommit(size);
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

  /** A commit that was cut off may have made an object of the parts: then that is the tail. */
  private async takeUpCommit(sizeBytes: number): Promise<void> {
    const { key, parts, tailKey } = this.state;
    if (parts.length === 0 || (await this.of.bucket.size(key)) !== sizeBytes) return;
    await this.recordJoined(sizeBytes);
    if (tailKey !== null) await this.deleteObject(tailKey).catch(() => undefined); // a sweep does
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
    let rest: Buffer = NOTHING;
    const aside = new Aside(this.of);
    const send = async (part: Buffer, isLast: boolean): Promise<void> => {
      if (isLast) {
        rest = part;
        return;
      }
      await this.turn.assertMine();
      await parts.send(part);
    };
    const update = sums && { update: (piece: Buffer) => sums.update(piece) };
    const writer = new PartsWriter({ send, aside, partsBefore: parts.count }, update);
    try {
      for await (const piece of before) await writer.takeHashed(piece);
      const brokenOff = await takePiece(writer, limited(this.id, bytes, { from: sizeOf(this.state), limitBytes }));
      await writer.finish();
      await this.keep(parts, rest, sums);
      return brokenOff;
    } finally {
      await writer.release();
      await aside.drop();
    }
  }

  private parts(): ObjectParts {
    const { bucket } = this.of;
    const { key, uploadId, parts } = this.state;
    const begin = async (): Promise<string> => {
      if (uploadId !== null) return uploadId;
      await pending.begin(this.of.db, key);
      const begun = await beginUpload(this.of, key);
      await this.record({ ...this.state, uploadId: begun });
      return begun;
    };
    return new ObjectParts(bucket, key, begin, parts);
  }

  /** The tail, to continue it; a long one becomes a part where it is. */
  private async takeTail(parts: ObjectParts): Promise<AsyncIterable<Buffer> | readonly Buffer[]> {
    const { tailKey, tailBytes } = this.state;
    if (tailKey === null) return [];
    if (tailBytes < shortestPartOf(parts.count + 1)) return this.piecesOf(tailKey);
    await parts.copy(tailKey, tailBytes);
    return [];
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
      const isWhole = arrived.length === 0 && sha256 !== null && bucket.hasChecksums;
      await bucket.put(tailKey, rest, isWhole ? { sha256 } : {});
    }
    try {
      await this.record({ ...this.state, parts: arrived, tailKey, tailBytes: rest.length, sha256 });
    } catch (error) {
      // Any other error may come after the row was changed; then a sweep decides.
      if (tailKey !== null && error instanceof UnknownWriteError)
        await this.deleteObject(tailKey).catch(() => undefined);
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
    const { key, parts, tailKey } = this.state;
    const sizeBytes = sizeOf(this.state);
    const whole = parts.length === 0 && tailKey !== null ? tailKey : key;
    if (parts.length > 0) await this.joinParts();
    else if (tailKey === null) await this.putEmpty(key);
    await assertSize(this.of.bucket, whole, sizeBytes);
    if (parts.length > 0) await this.recordJoined(sizeBytes);
    return whole;
  }

  /** The object that the parts became is the tail now. */
  private async recordJoined(tailBytes: number): Promise<void> {
    const { key: tailKey } = this.state;
    await this.record({ ...this.state, key: newObjectKey(), uploadId: null, parts: [], tailKey, tailBytes });
  }

  /** The parts and the tail become an object. An upload that is gone became one before, in a commit that was cut off. */
  private async joinParts(): Promise<void> {
    const { tailKey, tailBytes } = this.state;
    const parts = this.parts();
    try {
      if (tailKey !== null) await parts.copy(tailKey, tailBytes);
      await this.turn.assertMine();
      await parts.complete();
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  private async putEmpty(key: string): Promise<void> {
    await pending.begin(this.of.db, key);
    await this.of.bucket.put(key, NOTHING);
  }

  private async piecesOf(key: string): Promise<AsyncIterable<Buffer>> {
    return (await ObjectBytes.open(this.of.bucket, key)).stream() as AsyncIterable<Buffer>;
  }

  private async sha256Of(key: string): Promise<string> {
    return (await sumsOfPieces(await this.piecesOf(key))).sha256Hex;
  }

  private async deleteObject(key: string): Promise<void> {
    await deleteObjects(this.of.bucket, this.of.db, [key]);
  }
}
