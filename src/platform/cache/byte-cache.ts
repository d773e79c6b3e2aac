import { LRUCache } from 'lru-cache';

/** Remembers immutable bytes, the most recently used ones, in bounded memory. Access is for the caller to check first. */
export class ByteCache {
  private readonly entries: LRUCache<string, Buffer>;

  /** @param maxBytes - of all entries together */
  constructor(maxBytes: number) {
    this.entries = new LRUCache({ maxSize: maxBytes, sizeCalculation: (bytes, key) => bytes.length + key.length + 64 });
  }

  /** What is remembered under the key, else what `load` finds; undefined, and an error, are not remembered. */
  async get(key: string, load: () => Promise<Buffer | undefined>): Promise<Buffer | undefined> {
    const known = this.entries.get(key);
    if (known !== undefined) return known;
    const loaded = await load();
    if (loaded !== undefined) this.entries.set(key, loaded);
    return loaded;
  }
}
