import { CommanderError } from 'commander';
import { printError } from './output';

/*
 * The errors of the command line: one sentence on stderr. All codes of AppError are treated alike, because a person needs
 * only the sentence, and a script only has to know whether the command worked.
 *
 *   0  it worked          1  it failed          2  the command was not understood; nothing was done
 */

/** The exit code for what a command threw. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof CommanderError)) return 1;
  return error.exitCode === 0 ? 0 : 2; // --help and --version also throw an error
}

/** The message of an error. The error of several addresses that all failed has none of its own. */
function sentenceOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(sentenceOf).join('; ');
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}

/** Prints the error of a command; the parser has already printed its own. */
export function reportError(error: unknown): void {
  if (!(error instanceof CommanderError)) printError(`error: ${sentenceOf(error)}`);
}
