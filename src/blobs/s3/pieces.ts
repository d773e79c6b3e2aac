import { WriteTooLongError } from '../resumable';
import type { PartsWriter } from './parts-writer';

/** Why a piece ended before its end. */
export interface BrokenOff {
  readonly reason: unknown;
}

/** Bytes of a write that ends at `from`. @throws WriteTooLongError before it has more than the limit */
export async function* limited(
  id: string,
  bytes: AsyncIterable<Buffer>,
  { from, limitBytes }: { readonly from: number; readonly limitBytes: number },
): AsyncGenerator<Buffer> {
  let end = from;
  for await (const chunk of bytes) {
    end += chunk.length;
    if (end > limitBytes) throw new WriteTooLongError(id, limitBytes);
    yield chunk;
  }
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
