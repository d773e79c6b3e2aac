/*
 * Patterns of tags: `*` matches any run of characters, also an empty one; `?` matches any one character; other
 * characters match themselves.
 */

const PATTERN = /^[A-Za-z0-9_.*?-]{1,128}$/;

/** Whether this can be a pattern: the characters of tags, `*` and `?`. */
export function isTagPattern(pattern: string): boolean {
  return PATTERN.test(pattern);
}

/**
 * Whether a tag matches a pattern. Takes at most one step for each pair of their characters: a regular expression with
 * many stars could take forever.
 */
export function matchesTagPattern(pattern: string, tag: string): boolean {
  let inPattern = 0;
  let inTag = 0;
  let star = -1;
  let behindStar = 0;
  while (inTag < tag.length) {
    const expected = pattern[inPattern];
    if (expected === '*') {
      star = inPattern;
      behindStar = inTag;
      inPattern += 1;
    } else if (expected === '?' || expected === tag[inTag]) {
      inPattern += 1;
      inTag += 1;
    } else if (star >= 0) {
      // The last star takes one more character; the stars before it keep theirs.
      behindStar += 1;
      inTag = behindStar;
      inPattern = star + 1;
    } else {
      return false;
    }
  }
  while (pattern[inPattern] === '*') inPattern += 1;
  return inPattern === pattern.length;
}

/** A pattern of tags as a pattern for `like` in SQL, which matches the same tags. */
export function tagPatternForLike(pattern: string): string {
  return pattern
    .replaceAll('_', String.raw`\_`)
    .replaceAll('*', '%')
    .replaceAll('?', '_');
}
