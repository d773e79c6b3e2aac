import { ObjectBytes } from './object-bytes';
import { deleteObjects } from './object-deletion';
import { newObjectKey } from './object-keys';
import type { ObjectPlace } from './object-parts';
import * as pending from './pending-writes.store';

/**
 * The bytes of a slow write that are too few for a part, while others need its memory. They are an object of their own,
 * for the minutes at most that a client may be silent; after a crash a sweep finds it.
 */
export class Aside {
  private key: string | undefined;

  constructor(private readonly place: ObjectPlace) {}

  async put(bytes: Buffer): Promise<void> {
    const key = newObjectKey();
    await pending.begin(this.place.db, key);
    this.key = key;
    await this.place.bucket.put(key, bytes);
  }

  async *takeBack(): AsyncGenerator<Buffer> {
    if (this.key === undefined) return;
    yield* (await ObjectBytes.open(this.place.bucket, this.key)).stream() as AsyncIterable<Buffer>;
    await this.drop();
  }

  /** Fine if there is none. */
  async drop(): Promise<void> {
    const { key } = this;
    if (key === undefined) return;
    this.key = undefined;
    await deleteObjects(this.place.bucket, this.place.db, [key]).catch(() => undefined); // a sweep does
  }
}
