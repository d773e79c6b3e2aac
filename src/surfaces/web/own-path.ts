const ANY = 'http://localhost';

/**
 * A path of this site that a reader, or a link that he followed, gave as the place to go to.
 *
 * @returns `otherwise` when it leads, or a browser might think that it leads, to another site
 */
export function ownPath(given: string | undefined | null, otherwise: string): string {
  if (typeof given !== 'string' || !/^\/(?![/\\])/.test(given) || !/^[\x21-\x7e]+$/.test(given)) return otherwise;
  if (!URL.canParse(given, ANY)) return otherwise;
  const { origin, pathname, search } = new URL(given, ANY);
  // `/./\` and `/.//` become `//` on the way.
  return origin === ANY && !pathname.startsWith('//') ? pathname + search : otherwise;
}
