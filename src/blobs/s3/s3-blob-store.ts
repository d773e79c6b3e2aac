import type { Readable } from 'node:stream';
import type { ByteSource } from '../../platform/bytes/byte-source';
import { inTransaction, type Db } from '../../platform/db/db';
import type { BlobStore, ByteRange, ListedBlob, WantedSums } from '../blob-store';
import type { StoredBlob } from '../stored-blob';
import type { Bucket } from './bucket';
import { LivingWrites } from './living-writes';
import { BLOBS, newObjectKey, QUARANTINE, quarantineKeyOf } from './object-keys';
import { ObjectBytes } from './object-bytes';
import { writeObject } from './object-write';
import * as pending from './pending-writes.store';
import { S3Resumable } from './s3-resumable';

const SWEPT_AT_ONCE = 100;

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

  async *list(): AsyncIterable<ListedBlob> {
    for await (const page of this.bucket.list(BLOBS)) {
      const keys = page.map(({ key }) => key);
      const unfinished = await pending.unfinishedOf(this.db, keys);
      for (const object of page) if (!unfinished.has(object.key)) yield object;
    }
  }

  async sweepUnfinished(idleMs: number): Promise<number> {
    for (let removed = 0; ;) {
      const swept = await this.sweepSome(idleMs);
      removed += swept;
      if (swept < SWEPT_AT_ONCE) return removed;
    }
  }

  async settled(): Promise<void> {
    await Promise.all([this.living.settled(), this.resumable.settled()]);
  }

  async check(): Promise<void> {
    await this.bucket.reach();
  }

  private async sweepSome(idleMs: number): Promise<number> {
    return inTransaction(this.db, async (tx) => {
      const dead = await pending.takeDead(tx, idleMs, SWEPT_AT_ONCE);
      for (const { key, uploadId } of dead) if (uploadId !== null) await this.bucket.abortParts(key, uploadId);
      const keys = dead.map(({ key }) => key);
      await this.bucket.delete(keys);
      await pending.forget(tx, keys);
      return dead.length;
    });
  }
}
