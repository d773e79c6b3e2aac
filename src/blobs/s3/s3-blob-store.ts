import type { Readable } from 'node:stream';
import type { ByteSource } from '../../platform/bytes/byte-source';
import { inTransaction, type Db } from '../../platform/db/db';
import type { BlobStore, ByteRange, ListedBlob, WantedSums } from '../blob-store';
import type { StoredBlob } from '../stored-blob';
import { BLOB_FOLDERS } from '../paths';
import type { Bucket } from './bucket';
import { LivingWrites } from './living-writes';
import { newObjectKey, QUARANTINE, quarantineKeyOf } from './object-keys';
import { ObjectBytes } from './object-bytes';
import { writeObject } from './object-write';
import * as pending from './pending-writes.store';
import { S3Resumable } from './s3-resumable';

/** The rest is left to the next sweep. */
const SWEPT_AT_ONCE = 1000;

/** How long a complete object is known here: longer than any sweep of objects without a row spares them. */
const WRITTEN_KEPT_MS = 7 * 24 * 3_600_000;

/** Keeps blobs in a bucket of S3 or a store that speaks it, and what is being written in Postgres. */
export class S3BlobStore implements BlobStore {
  readonly resumable: S3Resumable;
  private readonly living: LivingWrites;

  /** @param signOfLifeMs - how often a write shows that it is active; undefined: as usual */
  constructor(
    private readonly bucket: Bucket,
    private readonly db: Db,
    signOfLifeMs?: number,
  ) {
    this.resumable = new S3Resumable(bucket, db);
    this.living = new LivingWrites(db, signOfLifeMs);
  }

  async write(bytes: AsyncIterable<Buffer>, wanted?: WantedSums): Promise<StoredBlob> {
    const key = newObjectKey();
    return this.living.during(key, async () => {
      await pending.begin(this.db, key);
      return writeObject({ bucket: this.bucket, db: this.db }, key, bytes, wanted);
    });
  }

  /** What a copy that was killed left under the key is removed, so that only its own parts remain. */
  async writeAs(key: string, bytes: AsyncIterable<Buffer>): Promise<StoredBlob> {
    return this.living.during(key, async () => {
      const uploadId = await pending.beginAgain(this.db, key);
      if (uploadId !== null) await this.bucket.abortParts(key, uploadId);
      return writeObject({ bucket: this.bucket, db: this.db }, key, bytes);
    });
  }

  async read(key: string, range?: ByteRange, expectedBytes?: number): Promise<Readable> {
    return (await ObjectBytes.open(this.bucket, key, range, expectedBytes)).stream();
  }

  async open(key: string, range?: ByteRange, expectedBytes?: number): Promise<ByteSource> {
    return ObjectBytes.open(this.bucket, key, range, expectedBytes);
  }

  handOver(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async size(key: string): Promise<number | undefined> {
    return this.bucket.size(key);
  }

  async delete(key: string): Promise<void> {
    await this.bucket.delete([key]);
    await pending.forget(this.db, [key]);
  }

  /** A stop between copy and deletion leaves both; repeated, it replaces the copy. */
  async quarantine(key: string): Promise<void> {
    if (await this.bucket.copy(key, quarantineKeyOf(key))) await this.delete(key);
  }

  async sweepQuarantined(before: Date): Promise<number> {
    let removed = 0;
    for await (const page of this.bucket.list(QUARANTINE)) {
      const old = page.filter(({ modifiedAt }) => modifiedAt < before).map(({ key }) => key);
      await this.bucket.delete(old);
      removed += old.length;
    }
    return removed;
  }

  freeBytes(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  /** An object's time may be that of the beginning of its upload: its last sign of life counts as well. */
  async *list(): AsyncIterable<ListedBlob> {
    for (const folder of BLOB_FOLDERS) yield* this.listFolder(`${folder}/`);
  }

  private async *listFolder(folder: string): AsyncIterable<ListedBlob> {
    for await (const page of this.bucket.list(folder)) {
      const keys = page.map(({ key }) => key);
      const states = await pending.statesOf(this.db, keys);
      for (const object of page) {
        const { isWritten, touchedAt } = states.get(object.key) ?? { isWritten: true, touchedAt: object.modifiedAt };
        if (isWritten) yield { ...object, modifiedAt: touchedAt > object.modifiedAt ? touchedAt : object.modifiedAt };
      }
    }
  }

  async sweepUnfinished(idleMs: number): Promise<number> {
    await pending.forgetWritten(this.db, WRITTEN_KEPT_MS);
    let removed = 0;
    const dead = await pending.findDead(this.db, idleMs, SWEPT_AT_ONCE);
    for (const { key } of dead) if (await this.removeDead(key, idleMs)) removed += 1;
    return removed;
  }

  async settled(): Promise<void> {
    await Promise.all([this.living.settled(), this.resumable.settled()]);
  }

  async check(): Promise<void> {
    await this.bucket.reach();
  }

  private async removeDead(key: string, idleMs: number): Promise<boolean> {
    return inTransaction(this.db, async (tx) => {
      const dead = await pending.lockDead(tx, key, idleMs);
      if (dead === undefined) return false;
      if (dead.uploadId !== null) await this.bucket.abortParts(key, dead.uploadId);
      await this.bucket.delete([key]);
      await pending.forget(tx, [key]);
      return true;
    });
  }
}
