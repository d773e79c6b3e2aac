import { LRUCache } from 'lru-cache';

/** Bytes, and the version of the state for which they are valid. */
export interface VersionedBytes {
  readonly version: string;
  readonly bytes: Buffer;
}

const IMMUTABLE = '';

/** A cache of bytes in bounded memory that keeps the most recently used ones. The caller checks access first. */
export class ByteCache {
  private readonly entries: LRUCache<string, VersionedBytes>;
  private readonly lookups = { hit: 0, miss: 0 };

  /** @param maxBytes - for all entries together */
  constructor(maxBytes: number) {
    this.entries = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ version, bytes }, key) => bytes.length + key.length + version.length + 64,
    });
  }

  /** How much it holds, and how often it was asked since the process started. */
  get figures(): { readonly bytes: number; readonly lookups: Readonly<Record<'hit' | 'miss', number>> } {
    return { bytes: this.entries.calculatedSize, lookups: this.lookups };
  }

  private find(key: string): VersionedBytes | undefined {
    const known = this.entries.get(key);
    this.lookups[known === undefined ? 'miss' : 'hit'] += 1;
    return known;
  }

  /**
   * Returns the remembered value of the key, or else the result of `load`. Neither undefined nor an error is
   * remembered. Use this for bytes that never change.
   */
  async get(key: string, load: () => Promise<Buffer | undefined>): Promise<Buffer | undefined> {
    const known = this.find(key);
    if (known !== undefined) return known.bytes;
    const loaded = await load();
    if (loaded !== undefined) this.entries.set(key, { version: IMMUTABLE, bytes: loaded });
    return loaded;
  }

  /** Returns the remembered bytes of something that changes. The caller checks whether they are still valid. */
  getVersioned(key: string): VersionedBytes | undefined {
    return this.find(key);
  }

  /** @param value.version - no other bytes ever had the same version under this key */
  setVersioned(key: string, value: VersionedBytes): void {
    this.entries.set(key, value);
  }
}
