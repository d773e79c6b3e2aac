/** The bytes are not what they claim to be: a damaged archive, or one that no reader here understands. */
export class TarError extends Error {
  override readonly name = 'TarError';
}
