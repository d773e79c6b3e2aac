import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';

const ENTRIES = 10_000;
const KEPT_MS = 5 * 60_000;

/**
 * Remembers values under secrets, for a few minutes and in bounded memory. The key is an HMAC that only this process
 * can compute, so that a memory dump shows no password.
 */
export class SecretCache<T extends object> {
  private readonly key = randomBytes(32);
  private readonly entries: LRUCache<string, T>;

  constructor(keptMs = KEPT_MS) {
    this.entries = new LRUCache({ max: ENTRIES, ttl: keptMs });
  }

  /** Returns the value that was remembered under these parts, in this order. */
  get(...parts: readonly string[]): T | undefined {
    return this.entries.get(this.fingerprint(parts));
  }

  set(value: T, ...parts: readonly string[]): void {
    this.entries.set(this.fingerprint(parts), value);
  }

  delete(...parts: readonly string[]): void {
    this.entries.delete(this.fingerprint(parts));
  }

  private fingerprint(parts: readonly string[]): string {
    return createHmac('sha256', this.key).update(parts.join('\0')).digest('base64');
  }
}
