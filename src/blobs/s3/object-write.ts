import type { Db } from '../../platform/db/db';
import type { WantedSums } from '../blob-store';
import { digestsOf } from '../hashing';
import type { StoredBlob } from '../stored-blob';
import { UnpackingOnArrival } from '../unpacking';
import { SumsOfWrite } from '../write-hashed';
import { Aside } from './aside';
import type { Bucket } from './bucket';
import { isMissing } from './errors';
import { deleteObjects } from './object-deletion';
import { beginUpload, ObjectParts } from './object-parts';
import { PartsWriter } from './parts-writer';
import * as pending from './pending-writes.store';

/** A sweep took the write for dead, because it showed no sign of life for long. */
export class WriteSweptError extends Error {
  constructor(key: string) {
    super(`the write of ${key} was swept`);
  }
}

/** An object that arrives: in one request if it is short, otherwise in parts. */
class ObjectWrite {
  readonly aside: Aside;
  private readonly parts: ObjectParts;

  constructor(
    private readonly bucket: Bucket,
    private readonly db: Db,
    private readonly key: string,
    private readonly sha256: () => Promise<string>,
  ) {
    this.aside = new Aside({ bucket, db });
    this.parts = new ObjectParts(bucket, key, () => beginUpload({ bucket, db }, key));
  }

  async send(part: Buffer, isLast: boolean): Promise<void> {
    if (isLast && this.parts.isEmpty) await this.sendWhole(part);
    else await this.parts.send(part);
  }

  /** @param sizeBytes - what was sent; the object must have as many */
  async complete(sizeBytes: number): Promise<void> {
    if (!this.parts.isEmpty) {
      await this.parts.complete().catch((error: unknown) => {
        if (!isMissing(error)) throw error; // otherwise the request was repeated after it had worked
      });
    }
    await assertSize(this.bucket, this.key, sizeBytes);
    if (!(await pending.finish(this.db, this.key))) throw new WriteSweptError(this.key);
  }

  private async sendWhole(bytes: Buffer): Promise<void> {
    await this.bucket.put(this.key, bytes, this.bucket.hasChecksums ? { sha256: await this.sha256() } : {});
  }

  async abort(): Promise<void> {
    await this.aside.drop();
    await this.parts.abort();
    await deleteObjects(this.bucket, this.db, [this.key]);
  }
}

/** @throws Error when the store has another number of bytes than it was sent */
export async function assertSize(bucket: Bucket, key: string, sizeBytes: number): Promise<void> {
  const found = await bucket.size(key);
  if (found !== sizeBytes) throw new Error(`the store has ${found ?? 'no'} bytes of ${key} instead of ${sizeBytes}`);
}

/**
 * Writes an object, whose key was recorded before.
 *
 * @throws what the source throws, and then nothing is left, unless the store does not answer: then a sweep removes it
 */
export async function writeObject(
  { bucket, db }: { readonly bucket: Bucket; readonly db: Db },
  key: string,
  bytes: AsyncIterable<Buffer>,
  { prefix, unpacked: isUnpacked = false }: WantedSums = {},
): Promise<StoredBlob> {
  const sums = new SumsOfWrite(prefix);
  const write = new ObjectWrite(bucket, db, key, async () => (await sums.finish()).sha256Hex);
  const unpacking = isUnpacked ? new UnpackingOnArrival() : undefined;
  const destination = { send: (part: Buffer, isLast: boolean) => write.send(part, isLast), aside: write.aside };
  const writer = new PartsWriter(destination, {
    update: (piece, isOnly) => sums.update(piece, isOnly),
    ...(unpacking && { read: (piece) => unpacking.take(piece) }),
  });
  try {
    for await (const chunk of bytes) await writer.take(chunk);
    const sizeBytes = await writer.finish();
    const found = digestsOf(await sums.finish());
    await write.complete(sizeBytes);
    const unpacked = await unpacking?.finish(found.digest);
    return { ...found, sizeBytes, key, ...(unpacked && { unpacked }) };
  } catch (error) {
    await writer.release();
    await write.abort().catch(() => undefined); // its row remains, and so a sweep finds it
    throw error;
  } finally {
    await writer.release();
    unpacking?.drop();
    await sums.finish().catch(() => undefined);
  }
}
