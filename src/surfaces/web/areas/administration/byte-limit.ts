import { readByteSize } from '../../../../platform/bytes/byte-size';
import { fieldError } from '../../../../platform/errors';

/** A limit on the bytes of layers as it was typed; undefined: no limit. @throws AppError `invalid` */
export function bytesFrom(text: string): number | undefined {
  if (text === '') return undefined;
  const bytes = readByteSize(text);
  if (bytes === undefined)
    throw fieldError('invalid', 'stored_bytes', 'Enter a size for the layers, such as 500m or 10g');
  return bytes;
}
