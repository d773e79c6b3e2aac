import type { Readable } from 'node:stream';
import type { ByteSource } from '../../platform/bytes/byte-source';
import type { Db } from '../../platform/db/db';
import {
  BlobMissingError,
  BlobSizeError,
  type BlobStore,
  type ByteRange,
  type ListedBlob,
  type WantedSums,
} from '../blob-store';
import type { Handover } from '../handover';
import { KEY_ROOTS } from '../paths';
import { OngoingWork, SignsOfLife } from '../signs-of-life';
import type { StoredBlob } from '../stored-blob';
import type { Bucket } from './bucket';
import { BucketProbe } from './bucket-probe';
import { removeDeadWrites } from './dead-writes';
import { newObjectKey, QUARANTINE, quarantineKeyOf } from './object-keys';
import { ObjectBytes } from './object-bytes';
import { deleteObjects } from './object-deletion';
import { moveObject } from './object-move';
import { writeObject } from './object-write';
import * as pending from './pending-writes.store';
import { S3Resumable } from './s3-resumable';

const UNCLAIMED_AT_ONCE = 500;

const prefixesOf = (folder: string | undefined): readonly string[] => (folder === undefined ? KEY_ROOTS : [folder]);

/** Keeps blobs in a bucket of S3 or a store that speaks it, and what is being written in Postgres. */
export class S3BlobStore implements BlobStore {
  readonly resumable: S3Resumable;
  private readonly living: SignsOfLife<string>;
  private readonly writes = new OngoingWork();
  private readonly probe: BucketProbe;

  /** @param signOfLifeMs - how often a write shows that it is active; undefined: as usual */
  constructor(
    private readonly bucket: Bucket,
    private readonly db: Db,
    signOfLifeMs?: number,
  ) {
    this.resumable = new S3Resumable(bucket, db);
    this.living = new SignsOfLife((keys) => pending.touch(db, keys), signOfLifeMs);
    this.probe = new BucketProbe(bucket);
  }

  async write(bytes: AsyncIterable<Buffer>, wanted?: WantedSums): Promise<StoredBlob> {
    const key = newObjectKey();
    return this.alive(key, async () => {
      await pending.begin(this.db, key);
      return writeObject({ bucket: this.bucket, db: this.db }, key, bytes, wanted);
    });
  }

  /** What a copy that was killed left under the key is removed, so that only its own parts remain. */
  async writeAs(key: string, bytes: AsyncIterable<Buffer>): Promise<StoredBlob> {
    return this.alive(key, async () => {
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

  async handOver(key: string, expectedBytes: number): Promise<Handover | undefined> {
    const { urls } = this.bucket;
    if (urls === undefined) return undefined;
    const sizeBytes = await this.size(key);
    if (sizeBytes === undefined) throw new BlobMissingError(key);
    if (sizeBytes !== expectedBytes) throw new BlobSizeError(key, sizeBytes);
    return { kind: 'url', url: await urls.of(key, this.bucket.now()) };
  }

  async size(key: string): Promise<number | undefined> {
    return this.bucket.size(key);
  }

  /** Only of what came in one request: of what came in parts, stores know no sha256 of the whole. */
  async checkedDigest(key: string, sizeBytes: number): Promise<string | undefined> {
    const sha256 = this.bucket.hasChecksums ? await this.bucket.sha256Of(key, sizeBytes) : undefined;
    return sha256 === undefined ? undefined : `sha256:${sha256}`;
  }

  async delete(keys: readonly string[]): Promise<void> {
    await deleteObjects(this.bucket, this.db, keys);
  }

  async quarantine(key: string): Promise<void> {
    await moveObject({ bucket: this.bucket, db: this.db }, key, quarantineKeyOf(key));
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
  async *list(folder?: string): AsyncIterable<ListedBlob> {
    for (const prefix of prefixesOf(folder)) yield* this.listBelow(prefix);
  }

  async isEmpty(folder?: string): Promise<boolean> {
    for (const prefix of prefixesOf(folder)) {
      for await (const page of this.bucket.list(prefix)) if (page.length > 0) return false;
    }
    return true;
  }

  private async *listBelow(prefix: string): AsyncIterable<ListedBlob> {
    for await (const page of this.bucket.list(prefix)) {
      const keys = page.map(({ key }) => key);
      const states = await pending.statesOf(this.db, keys);
      for (const object of page) {
        const { isWritten, touchedAt } = states.get(object.key) ?? { isWritten: true, touchedAt: object.modifiedAt };
        if (isWritten) yield { ...object, modifiedAt: touchedAt > object.modifiedAt ? touchedAt : object.modifiedAt };
      }
    }
  }

  async *unclaimed(olderThanMs: number): AsyncIterable<readonly string[]> {
    for (let after = ''; ;) {
      const page = { ageMs: olderThanMs, after, limit: UNCLAIMED_AT_ONCE };
      const keys = await pending.findWritten(this.db, page);
      if (keys.length > 0) yield keys;
      if (keys.length < UNCLAIMED_AT_ONCE) return;
      after = keys.at(-1) ?? '';
    }
  }

  async claim(keys: readonly string[]): Promise<void> {
    await pending.forget(this.db, keys);
  }

  async sweepUnfinished(idleMs: number): Promise<number> {
    return removeDeadWrites(this.bucket, this.db, idleMs);
  }

  async settled(): Promise<void> {
    await Promise.all([this.writes.settled(), this.resumable.settled()]);
  }

  async check(): Promise<void> {
    await this.probe.check();
  }

  private async alive<T>(key: string, work: () => Promise<T>): Promise<T> {
    return this.writes.track(this.living.during(key, work));
  }
}
