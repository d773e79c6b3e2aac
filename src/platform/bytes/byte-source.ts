/**
 * Bytes that are handed out piece by piece in buffers that are used again. Either `copyTo` or `close` must be called, or
 * what it holds open stays open.
 */
export interface ByteSource {
  /**
   * Hands out all bytes, in order, and lets go of them. A piece is the taker's only until the promise for it settles;
   * the next pieces may come before that, for a taker that is busy with the last one.
   *
   * @param take - rejects when nobody wants more; then nothing more comes
   * @throws what `take` or the storage says
   */
  copyTo(take: (piece: Buffer) => Promise<void>): Promise<void>;

  /** Lets go of bytes that nobody wants. */
  close(): Promise<void>;
}

/** Whether a body is one. */
export function isByteSource(body: object): body is ByteSource {
  return 'copyTo' in body;
}
