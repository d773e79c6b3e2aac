/* A build prints what an untrusted Dockerfile wants: what is stored can be shown in a browser and in a terminal. */

/** `ESC [ … m`: colours and styles. */
// eslint-disable-next-line no-control-regex
const COLOUR = /^\x1b\[[0-9;:]{0,32}m$/;

/**
 * Sequences that a terminal obeys, also when they are cut off: CSI, OSC and other strings with their end, two characters,
 * and their 8-bit forms.
 */
const ESCAPES =
  // eslint-disable-next-line no-control-regex
  /(?:\x1b\[|\x9b)[\x30-\x3f]*[\x20-\x2f]*(?:[\x40-\x7e]|$)|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)?|\x1b[\x20-\x2f]*[\x30-\x7e]?/g;

/** Controls without a meaning in a log, and characters that change the direction of text, which hide what it says. */
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * A line as the log shows it: with colours, but without anything else that a terminal obeys. Of a line that was
 * overwritten, as progress bars do, its last state.
 *
 * @param line - without its line feed
 */
export function cleanLine(line: string): string {
  const states = line.replace(/\r+$/, '').split('\r');
  const shown = states.findLast((state) => state !== '') ?? '';
  return shown.replace(ESCAPES, (escape) => (COLOUR.test(escape) ? escape : '')).replace(CONTROLS, '');
}

// eslint-disable-next-line no-control-regex
const COLOURS = /\x1b\[[0-9;:]{0,32}m/g;

/** A line or several without colours. */
export function withoutColours(text: string): string {
  return text.replace(COLOURS, '');
}

/** What a secret is replaced by in a log. */
const MASK = '[secret]';

/** Shorter ones are not secrets, and would mask half of the log. */
const MIN_LENGTH = 6;

/** Hides secrets in a log. */
export interface SecretMask {
  /** The length of the longest text that is hidden, in UTF-16 units. */
  readonly longest: number;
  hide(text: string): string;
}

/** The forms in which programs print a secret: as it is, each of its lines, in a URL, and in Base64. */
function formsOf(secret: string): string[] {
  const lines = secret.split(/\r?\n/).map((line) => line.trim());
  const encoded = [encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
  return [secret, ...lines, ...encoded];
}

/**
 * A mask for the secrets of a build. The log is hidden before it is stored, so that a secret is in no copy of it.
 *
 * @param secrets - tokens, passwords, keys; short ones are ignored
 */
export function secretMask(secrets: readonly string[]): SecretMask {
  const forms = [...new Set(secrets.flatMap(formsOf))].filter((form) => form.length >= MIN_LENGTH);
  const longestFirst = forms.sort((a, b) => b.length - a.length);
  return {
    longest: longestFirst[0]?.length ?? 0,
    hide: (text) => longestFirst.reduce((hidden, form) => hidden.replaceAll(form, MASK), text),
  };
}

/**
 * Makes the output of a program safe to store and show: each line clean, and without secrets. Doing so twice changes
 * nothing.
 *
 * @param text - whole lines
 */
export function cleanLogText(text: string, secrets: readonly string[]): string {
  return secretMask(secrets).hide(text.split('\n').map(cleanLine).join('\n'));
}
