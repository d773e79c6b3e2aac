import { readFileSync } from 'node:fs';
import path from 'node:path';

/*
 * The words that CONTRIBUTING.md asks us not to use, read from the table of its section "Words". All functions take
 * plain text, so that other texts than documents (comments, titles of tests) can be held to the same list.
 */

const CONTRIBUTING = path.join(__dirname, '..', '..', 'CONTRIBUTING.md');

/** `There is no tag` and `is no longer` are good English; `is no tag` is not. */
const ALLOWED = /\bthere[\s#*/]+(?:is|are|was|were)[\s#*/]+no\b|\b(?:is|are|was|were)[\s#*/]+no[\s#*/]+longer\b/gi;

/** The words and phrases in the first column of the table. */
function readForbiddenWords(): string[] {
  const section = readFileSync(CONTRIBUTING, 'utf8')
    .split(/^(?=## )/m)
    .find((part) => part.startsWith('## Words\n'));
  const cells = [...(section ?? '').matchAll(/^\| (`[^|]+?)\s*\|/gm)].map(([, cell = '']) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word));
}

export const FORBIDDEN_WORDS: readonly string[] = readForbiddenWords();

/** Matches every forbidden word, even if a phrase continues on the next line of a comment. */
const FORBIDDEN = new RegExp(
  `\\b(?:${FORBIDDEN_WORDS.map((word) => word.replaceAll(' ', String.raw`[\s#*/]+`)).join('|')})\\b`,
  'gi',
);

/** Replaces all characters except line breaks, so that line numbers stay. */
function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, '_');
}

/**
 * The text of a Markdown page without code blocks, code spans, link targets and quotations, which are not our words:
 * bodies of the protocol, titles of tests and texts of others.
 */
export function proseOfMarkdown(text: string): string {
  return text
    .replaceAll(/^ *```.*?^ *```$/gms, blank)
    .replaceAll(/`[^`]*`/g, blank)
    .replaceAll(/\]\([^)]*\)/g, blank)
    .replaceAll(/"(?:[^"\n]|\n(?!\n))*"/g, blank);
}

/**
 * The forbidden words of a text.
 *
 * @returns one entry for each, with its line: `12: whoever`
 */
export function forbiddenWordsIn(text: string): string[] {
  const checked = text.replaceAll(ALLOWED, blank);
  return [...checked.matchAll(FORBIDDEN)].map(({ 0: word, index }) => {
    const line = checked.slice(0, index).split('\n').length;
    return `${line}: ${word.replaceAll(/[\s#*/]+/g, ' ').toLowerCase()}`;
  });
}
