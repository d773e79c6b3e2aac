import { CommanderError } from 'commander';
import { printError } from './output';

/*
 * How the command line says what went wrong: one sentence on stderr. All codes of AppError are treated alike here: the
 * sentence is what counts for a person, and a script asks whether it worked.
 *
 *   0  it worked          1  it failed          2  the command was not understood; nothing was done
 */

/** The exit code for what a command threw. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof CommanderError)) return 1;
  return error.exitCode === 0 ? 0 : 2; // --help and --version end in an error, too
}

/** An error of several addresses that all failed has no message of its own. */
function sentenceOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(sentenceOf).join('; ');
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}

/** Shows what a command threw; the parser has shown its own errors already. */
export function reportError(error: unknown): void {
  if (!(error instanceof CommanderError)) printError(`error: ${sentenceOf(error)}`);
}
