/** How long the parts of a build take. */
export class PartTimes {
  readonly #startedAt = performance.now();
  readonly #ms = new Map<string, number>();

  add(part: string, ms: number): void {
    this.#ms.set(part, (this.#ms.get(part) ?? 0) + ms);
  }

  /** Adds the time until the work is done or has failed. */
  async measure<Result>(part: string, work: Promise<Result>): Promise<Result> {
    const startedAt = performance.now();
    try {
      return await work;
    } finally {
      this.add(part, performance.now() - startedAt);
    }
  }

  /** In seconds, with milliseconds: of each part, and `all`, which includes what is between them. */
  seconds(): Record<string, number> {
    const all = performance.now() - this.#startedAt;
    return Object.fromEntries([...this.#ms, ['all', all] as const].map(([part, ms]) => [part, Math.round(ms) / 1000]));
  }
}
