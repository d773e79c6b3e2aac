import type { LogPart } from '../../../../../features/builds/build-log';
import { withoutColours } from '../../../../../features/builds/log-text';

/* The steps of a build, from the lines of its log. */

type Chunk = LogPart['chunks'][number];

/** A line of a log, without its line feed, and when it was written. */
export interface LogLine {
  readonly text: string;
  readonly at: Date;
}

/** A line is cut here when no end of it arrives. */
const LONGEST_LINE = 256 * 1024;

/** Takes the chunks of a log, which may end within a line, and gives its lines. */
export class LineReader {
  #rest = '';
  #at = new Date(0);

  /** Whether all lines have been given. */
  get isAtEnd(): boolean {
    return this.#rest === '';
  }

  /** @returns the lines that end in this chunk */
  read({ text, at }: Chunk): LogLine[] {
    if (this.isAtEnd) this.#at = at;
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    const read = lines.map((line, index) => ({ text: line, at: index === 0 ? this.#at : at }));
    if (lines.length > 0) this.#at = at;
    return this.#rest.length > LONGEST_LINE ? [...read, ...this.end()] : read;
  }

  /** @returns the last line if it has no end */
  end(): LogLine[] {
    const text = this.#rest;
    this.#rest = '';
    return text === '' ? [] : [{ text, at: this.#at }];
  }
}

/** What begins a step: a line of buildah, or one that the builder writes (`src/builder/build-one.ts`). */
const HEADING =
  /^(?:\[\d+\/\d+\] )?STEP \d+(?:\/\d+)?: |^Fetching (?:branch|tag) \S+ of \S|^Pulling \S+, \S+$|^Pushing \S+:\S+$/;

/** A step of a build with what it has written. */
export interface LogStep {
  /** undefined: what was written before the first step */
  readonly title: string | undefined;
  readonly at: Date;
  readonly lines: string[];
}

/** The title of the step that a line begins; undefined: it begins none. */
export function headingOf({ text }: LogLine): string | undefined {
  const plain = withoutColours(text).trimEnd();
  return HEADING.test(plain) ? plain : undefined;
}

/** Sorts lines into steps. */
export function stepsOf(lines: readonly LogLine[]): LogStep[] {
  const steps: LogStep[] = [];
  for (const line of lines) {
    const title = headingOf(line);
    const current = steps.at(-1);
    if (title !== undefined) steps.push({ title, at: line.at, lines: [] });
    else if (current === undefined) steps.push({ title, at: line.at, lines: [line.text] });
    else current.lines.push(line.text);
  }
  return steps;
}

/** The lines of chunks from the beginning of a line on. */
export function linesOf(chunks: readonly Chunk[]): LogLine[] {
  const reader = new LineReader();
  return [...chunks.flatMap((chunk) => reader.read(chunk)), ...reader.end()];
}
