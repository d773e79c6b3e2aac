import { formatBytes } from './output';

/*
 * The progress of a long command, on stderr. On a terminal it is one line that is written again and again; elsewhere, as in
 * a log or a mail of cron, it is a line now and then.
 */

const TERMINAL_MS = 100;
const LINES_MS = 10_000;
const TO_LINE_START = '\r';
const CLEAR_LINE = '\r\u001b[K';
const COLUMNS = 80;

/** Where progress is shown: stderr, or a test. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Shows a state of the work. A command calls it as often as it likes; most states are not shown. */
export type ShowProgress = (state: string) => void;

/**
 * Does long work and shows its progress. The line on a terminal is gone when the work ends, so that the result of the
 * command can follow.
 */
export async function withProgress<T>(
  work: (show: ShowProgress) => Promise<T>,
  output: ProgressOutput = process.stderr,
): Promise<T> {
  const isTerminal = output.isTTY === true;
  let dueAt = isTerminal ? 0 : Date.now() + LINES_MS;
  const show = (state: string): void => {
    if (Date.now() < dueAt) return;
    dueAt = Date.now() + (isTerminal ? TERMINAL_MS : LINES_MS);
    output.write(isTerminal ? `${CLEAR_LINE}${cut(state, output.columns)}${TO_LINE_START}` : `${state}\n`);
  };
  try {
    return await work(show);
  } finally {
    if (isTerminal && dueAt > 0) output.write(CLEAR_LINE);
  }
}

/** A line that is wider than the terminal would leave its beginning behind. */
function cut(state: string, columns = COLUMNS): string {
  return state.slice(0, Math.max(1, columns - 1));
}

/** `3 of 40 layers (7 %)`. What is pushed during the work may make `done` larger than the total. */
export function ofTotal(done: number, total: number, noun: string): string {
  return `${done} of ${total} ${noun} (${percentage(done, total)} %)`;
}

/** `1.2 GB of 4.0 GB (30 %)`. */
export function ofTotalBytes(done: number, total: number): string {
  return `${formatBytes(done)} of ${formatBytes(total)} (${percentage(done, total)} %)`;
}

function percentage(done: number, total: number): number {
  return total === 0 ? 100 : Math.min(100, Math.floor((done / total) * 100));
}
