/*
 * Patterns of tags: `*` is any run of characters, an empty one too, `?` is any one character; the rest is itself.
 */

const PATTERN = /^[A-Za-z0-9_.*?-]{1,128}$/;

/** Whether this can be a pattern: what a tag may have, and `*` and `?`. */
export function isTagPattern(pattern: string): boolean {
  return PATTERN.test(pattern);
}

/**
 * Whether a tag is one of those that the pattern means. Takes at most a step for each pair of their characters: a
 * regular expression with as many stars as an owner likes could take for ever.
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
      // The last star takes one character more; those before it have enough.
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
