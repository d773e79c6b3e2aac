import { LRUCache } from 'lru-cache';

/**
 * Remembers answers that may be a little old, in bounded number: each so long that finding it out again and again takes
 * a thousandth of one core, so what is cheap to find out is as good as fresh.
 */
export class BriefCache<Answer> {
  private readonly answers: LRUCache<string, Promise<Answer>>;
  private readonly longestMs: number;

  constructor(limits: { readonly entries: number; readonly longestMs: number }) {
    this.longestMs = limits.longestMs;
    this.answers = new LRUCache({ max: limits.entries, ttl: limits.longestMs });
  }

  /** What is remembered under the key, else what `load` finds; it is called once for all who ask meanwhile. */
  async get(key: string, load: () => Promise<Answer>): Promise<Answer> {
    const known = this.answers.get(key);
    if (known !== undefined) return known;
    const startedAt = performance.now();
    const loading = load();
    this.answers.set(key, loading);
    try {
      const answer = await loading;
      const ttl = Math.min(Math.ceil((performance.now() - startedAt) * 1000), this.longestMs);
      this.answers.set(key, loading, { ttl });
      return answer;
    } catch (error) {
      this.answers.delete(key);
      throw error;
    }
  }
}
