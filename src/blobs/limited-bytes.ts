import { WriteTooLongError } from './resumable';

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
