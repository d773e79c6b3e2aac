import { WriteTooLongError } from '../resumable';
import type { PartsWriter } from './parts-writer';

/** Why a piece ended before its end. */
export interface BrokenOff {
  readonly reason: unknown;
}

/**
 * Takes a piece, as far as it arrives.
 *
 * @returns the error of the source, if it broke off
 * @throws WriteTooLongError; the error of the writer
 */
export async function takePiece(writer: PartsWriter, bytes: AsyncGenerator<Buffer>): Promise<BrokenOff | undefined> {
  for (;;) {
    let next: IteratorResult<Buffer>;
    try {
      next = await bytes.next();
    } catch (reason) {
      if (reason instanceof WriteTooLongError) throw reason;
      return { reason };
    }
    if (next.done === true) return undefined;
    try {
      await writer.take(next.value);
    } catch (error) {
      await bytes.return(undefined).catch(() => undefined);
      throw error;
    }
  }
}
