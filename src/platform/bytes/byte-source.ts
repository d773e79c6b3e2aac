/**
 * Bytes that are delivered piece by piece in reused buffers. Call either `copyTo` or `close`, or the source keeps its
 * file open.
 */
export interface ByteSource {
  /**
   * Delivers all bytes in order and then closes the source. A piece belongs to the receiver only until the promise for
   * it settles. The next pieces may arrive before that, while the receiver is still busy with the last one.
   *
   * @param take - rejects when the receiver wants no more bytes; then nothing more is delivered
   * @param gone - aborted when the receiver has gone, so that a source need not wait for its next piece to notice
   * @throws the error of `take` or of the storage
   */
  copyTo(take: (piece: Buffer) => Promise<void>, gone?: AbortSignal): Promise<void>;

  /** Releases a source whose bytes nobody wants. */
  close(): Promise<void>;
}

/** Whether a body is a byte source. */
export function isByteSource(body: object): body is ByteSource {
  return 'copyTo' in body;
}
