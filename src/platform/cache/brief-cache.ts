import { LRUCache } from 'lru-cache';

/**
 * A bounded cache of answers that may be slightly out of date. Each answer is kept for so long that computing it again
 * and again costs a thousandth of one core, so an answer that is cheap to compute is almost always fresh.
 */
export class BriefCache<Answer> {
  private readonly answers: LRUCache<string, Promise<Answer>>;
  private readonly longestMs: number;

  constructor(limits: { readonly entries: number; readonly longestMs: number }) {
    this.longestMs = limits.longestMs;
    this.answers = new LRUCache({ max: limits.entries, ttl: limits.longestMs });
  }

  /**
   * Returns the remembered value of the key, or else the result of `load`, which is called once for all concurrent
   * callers.
   */
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
