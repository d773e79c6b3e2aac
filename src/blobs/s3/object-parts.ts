import type { Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { Bucket } from './bucket';
import type { SentPart } from './objects';
import { MOST_PARTS } from './part-sizes';
import * as pending from './pending-writes.store';

/** Where objects are, and what is known of those that are being written. */
export interface ObjectPlace {
  readonly bucket: Bucket;
  readonly db: Db;
}

/** S3 copies no more in one request. */
export const COPIED_AT_ONCE = 1024 ** 3;

/** Begins a multipart upload of an object that is in `pending_writes`, and records its id there. */
export async function beginUpload({ bucket, db }: ObjectPlace, key: string): Promise<string> {
  const id = await bucket.beginParts(key);
  await pending.setUpload(db, key, id);
  return id;
}

/** The parts of a multipart upload, which may be sent at once. */
export class ObjectParts {
  private readonly coming: Promise<SentPart>[];
  private upload: Promise<string> | undefined;

  /**
   * @param begin - begins the upload with the first part, and records its id
   * @param sent - the parts that have arrived before
   */
  constructor(
    private readonly bucket: Bucket,
    private readonly key: string,
    private readonly begin: () => Promise<string>,
    sent: readonly SentPart[] = [],
  ) {
    this.coming = sent.map((part) => Promise.resolve(part));
  }

  get isEmpty(): boolean {
    return this.coming.length === 0;
  }

  get count(): number {
    return this.coming.length;
  }

  async send(body: Buffer): Promise<void> {
    await this.add((uploadId, number) => this.bucket.sendPart(this.key, uploadId, number, body));
  }

  /** Takes all bytes of another object. */
  async copy(from: string, sizeBytes: number, atOnce = COPIED_AT_ONCE): Promise<void> {
    // Parts of nearly equal length, so that none is too short to be followed by another.
    const count = Math.ceil(sizeBytes / atOnce);
    for (let at = 0; at < count; at += 1) {
      const start = Math.floor((sizeBytes / count) * at);
      const range = { start, end: Math.floor((sizeBytes / count) * (at + 1)) - 1 };
      await this.add((uploadId, number) => this.bucket.copyPart(this.key, uploadId, { number, from, range }));
    }
  }

  /** Resolves when all have arrived. */
  async all(): Promise<SentPart[]> {
    return Promise.all(this.coming);
  }

  /** Makes them an object. */
  async complete(): Promise<void> {
    await this.bucket.completeParts(this.key, await this.uploadId(), await this.all());
  }

  /** Removes them; fine if there are none. */
  async abort(): Promise<void> {
    const uploadId = await this.upload?.catch(() => undefined);
    await Promise.allSettled(this.coming);
    if (uploadId !== undefined) await this.bucket.abortParts(this.key, uploadId);
  }

  private async uploadId(): Promise<string> {
    this.upload ??= this.begin();
    return this.upload;
  }

  private async add(send: (uploadId: string, number: number) => Promise<SentPart>): Promise<void> {
    const number = this.coming.length + 1;
    if (number > MOST_PARTS) throw new AppError('too_large', `The storage takes no more than ${MOST_PARTS} parts`);
    const part = this.uploadId().then((id) => send(id, number));
    this.coming.push(part);
    await part;
  }
}
