/** Waits for all of them, so that no work continues after a failure. @throws what the first of them threw */
export async function settle(work: readonly (Promise<unknown> | undefined)[]): Promise<void> {
  const ends = await Promise.allSettled(work.filter((part) => part !== undefined));
  const failure = ends.find((end) => end.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}
