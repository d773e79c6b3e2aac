import { LRUCache } from 'lru-cache';

/** Bytes, and the mark of the state in which they were true. */
export interface VersionedBytes {
  readonly version: string;
  readonly bytes: Buffer;
}

const IMMUTABLE = '';

/** Remembers bytes, the most recently used ones, in bounded memory. Access is for the caller to check first. */
export class ByteCache {
  private readonly entries: LRUCache<string, VersionedBytes>;

  /** @param maxBytes - of all entries together */
  constructor(maxBytes: number) {
    this.entries = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ version, bytes }, key) => bytes.length + key.length + version.length + 64,
    });
  }

  /**
   * What is remembered under the key, else what `load` finds; undefined, and an error, are not remembered. For bytes that
   * never change.
   */
  async get(key: string, load: () => Promise<Buffer | undefined>): Promise<Buffer | undefined> {
    const known = this.entries.get(key);
    if (known !== undefined) return known.bytes;
    const loaded = await load();
    if (loaded !== undefined) this.entries.set(key, { version: IMMUTABLE, bytes: loaded });
    return loaded;
  }

  /** What was remembered of something that changes. Whether it is still true is for the caller to find out. */
  getVersioned(key: string): VersionedBytes | undefined {
    return this.entries.get(key);
  }

  /** @param value.version - no other bytes under this key ever had the same */
  setVersioned(key: string, value: VersionedBytes): void {
    this.entries.set(key, value);
  }
}
