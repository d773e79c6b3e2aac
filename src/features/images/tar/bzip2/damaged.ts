import { damageIn } from '../../../../platform/bytes/compression';
import { TarError } from '../tar-error';

/** What is thrown at bytes that are not bzip2, or are cut. */
export function damaged(): TarError {
  return new TarError(damageIn('bzip2'));
}
