import { fieldError } from '../../platform/errors';

/** Old engines print the short description in one column of `docker search`. */
const SHORT_CHARACTERS = 100;
const FULL_BYTES = 64 * 1024;
const COMMENT_CHARACTERS = 4096;

/** Characters that end a line or move a terminal's cursor, and unpaired surrogates, which are not text. */
const NOT_IN_A_LINE = /[\p{Cc}\p{Cs}\u2028\u2029]/u;
const NOT_IN_TEXT = /(?![\t\n\r])[\p{Cc}\p{Cs}]/u;

function charactersOf(text: string): number {
  return Array.from(text).length;
}

/** @throws AppError `invalid` unless the text can be a short description: a line of at most 100 characters */
export function assertShortDescription(text: string): void {
  if (!NOT_IN_A_LINE.test(text) && charactersOf(text) <= SHORT_CHARACTERS) return;
  throw fieldError(
    'invalid',
    'description',
    `A short description must be one line of at most ${SHORT_CHARACTERS} characters`,
  );
}

/** @throws AppError `invalid` unless the text can be a full description: Markdown of at most 64 KiB */
export function assertFullDescription(text: string): void {
  if (!NOT_IN_TEXT.test(text) && Buffer.byteLength(text) <= FULL_BYTES) return;
  throw fieldError(
    'invalid',
    'full_description',
    'A full description must be Markdown of at most 64 KiB without control characters',
  );
}

/** @throws AppError `invalid` unless the text can be a comment: Markdown of 1 to 4096 characters */
export function assertComment(text: string): void {
  const isTooLong = text.length > COMMENT_CHARACTERS && charactersOf(text) > COMMENT_CHARACTERS;
  if (text.trim() !== '' && !NOT_IN_TEXT.test(text) && !isTooLong) return;
  throw fieldError('invalid', 'text', `A comment must be Markdown of 1 to ${COMMENT_CHARACTERS} characters`);
}
