const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** Whether this is a digest that can be stored here: sha256 or sha512 in lower-case hex. */
export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}
