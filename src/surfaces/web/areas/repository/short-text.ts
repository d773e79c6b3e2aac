/* Texts of other users, cut to the length for which a page has room. */

/** The beginning of the first line of a text. */
export function firstLine(text: string, characters: number): string {
  return beginning(text.split('\n', 1)[0] ?? '', characters);
}

/** At most so many characters of a text, with an ellipsis if something is left out. */
export function beginning(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** The size of an escaped text on a page, in bytes. */
function weightOf(text: string): number {
  return Buffer.byteLength(text) + 5 * (text.match(/[&<>"']/g)?.length ?? 0);
}

/**
 * Shortens the longest texts until all of them together fit.
 *
 * @param budget - bytes on the page
 */
export function shortenAll(texts: readonly string[], budget: number): string[] {
  let longest = texts.reduce((most, text) => Math.max(most, text.length), 0);
  let shown = [...texts];
  while (longest > 16 && shown.reduce((sum, text) => sum + weightOf(text), 0) > budget) {
    longest = Math.floor(longest * 0.75);
    const characters = longest;
    shown = texts.map((text) => beginning(text, characters));
  }
  return shown;
}
