/**
 * Works on items, several at once. After the first failure no more are begun, and the failure is thrown when those that had
 * begun are done.
 */
export async function severalAtOnce<T>(
  items: AsyncIterable<T>,
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  let failure: { readonly error: unknown } | undefined;
  const run = async (): Promise<void> => {
    for (;;) {
      const next = failure === undefined ? await iterator.next() : undefined;
      if (next === undefined || next.done === true) return;
      await work(next.value);
    }
  };
  const noteFailure = (error: unknown): void => {
    failure ??= { error };
  };
  await Promise.all(Array.from({ length: atOnce }, () => run().catch(noteFailure)));
  await iterator.return?.();
  if (failure !== undefined) throw failure.error;
}
