/** Does the same work only once for all callers that ask for it while it is running. Nothing is kept afterwards. */
export class SharedWork<K> {
  private readonly running = new Map<K, Promise<void>>();

  /** @throws whatever the work throws that was started for this key */
  async run(key: K, work: () => Promise<void>): Promise<void> {
    const known = this.running.get(key);
    if (known !== undefined) return known;
    const started = work().finally(() => this.running.delete(key));
    this.running.set(key, started);
    return started;
  }
}
