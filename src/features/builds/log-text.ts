/* A hostile Dockerfile prints what it wants. What is stored of it is safe to show in a browser and in a terminal. */

const ESC = '\u001B';

/** A terminal sequence: CSI, OSC and other strings, or two characters. */
const SEQUENCES = new RegExp(
  [
    `${ESC}\\[[0-?]*[ -/]*[@-~]?`,
    `${ESC}[\\]PX^_][^\\u0007${ESC}]*(?:\\u0007|${ESC}\\\\)?`,
    `${ESC}[ -/]*[0-Z\\\\^-~]?`,
    '\\u009B[0-?]*[ -/]*[@-~]?',
  ].join('|'),
  'g',
);
/** Select graphic rendition: colours, bold and so on. */
const COLOURS = new RegExp(`^${ESC}\\[[0-9;]*m$`);
/** Control characters but tab, line feed and the start of a colour. */
// eslint-disable-next-line no-control-regex -- these are what it removes
const CONTROLS = /[\u0000-\u0008\u000B\u000C\u000E-\u001A\u001C-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g;
const MASK = '********';
/** A shorter text would mask too much else. */
const SHORTEST_SECRET = 4;

/** The secrets as they are, and as a URL has them; the longest first, because one may contain another. */
function formsOf(secrets: readonly string[]): string[] {
  const forms = secrets.flatMap((secret) => [secret, encodeURIComponent(secret), ...secret.split('\n')]);
  const long = [...new Set(forms.map((form) => form.trim()))].filter(({ length }) => length >= SHORTEST_SECRET);
  return long.sort((left, right) => right.length - left.length);
}

/**
 * Makes the output of a program safe to store and show: masks secrets, keeps the sequences for colours and removes all
 * others, ends lines with a line feed (a line that was written over, as progress is, becomes several), and removes
 * other control characters.
 */
export function cleanLogText(text: string, secrets: readonly string[]): string {
  const lines = text.replaceAll(/\r+\n/g, '\n').replaceAll('\r', '\n');
  const coloured = lines.replaceAll(SEQUENCES, (sequence) => (COLOURS.test(sequence) ? sequence : ''));
  const clean = coloured.replaceAll(CONTROLS, '');
  return formsOf(secrets).reduce((masked, secret) => masked.replaceAll(secret, MASK), clean);
}
