const ANY = 'http://localhost';

/**
 * A path of this site that a reader, or a link that they followed, named as the next page.
 *
 * @returns `otherwise` if it leads, or a browser might think that it leads, to another site
 */
export function ownPath(given: string | undefined | null, otherwise: string): string {
  if (typeof given !== 'string' || !/^\/(?![/\\])/.test(given) || !/^[\x21-\x7e]+$/.test(given)) return otherwise;
  if (!URL.canParse(given, ANY)) return otherwise;
  const { origin, pathname, search } = new URL(given, ANY);
  // The URL parser turns `/./\` and `/.//` into `//`.
  return origin === ANY && !pathname.startsWith('//') ? pathname + search : otherwise;
}
