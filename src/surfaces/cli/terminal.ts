import { createInterface, type Interface } from 'node:readline';
import { Writable, type Readable } from 'node:stream';
import { AppError } from '../../platform/errors';

/** The terminal of a person, if there is one. Questions go to stderr, because the output of a command may be piped. */
export interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
}

/** The terminal of this process. */
export function stdTerminal(): Terminal {
  return { input: process.stdin, output: process.stderr };
}

/** The lines that a person types, including those typed before the question; they end when the person gives up. */
function linesOf(reader: Interface): AsyncIterator<string, undefined> {
  reader.once('SIGINT', () => reader.close());
  return reader[Symbol.asyncIterator]();
}

/**
 * Asks for a password twice, without showing it.
 *
 * @throws AppError `invalid` if the two differ or the person gives up
 */
export async function askPassword({ input, output }: Terminal): Promise<string> {
  const mute = new Writable({ write: (_chunk, _encoding, done) => done() });
  // As a terminal, the input is read key by key, and readline echoes into a stream that discards everything; otherwise
  // the terminal would show the keys.
  const reader = createInterface({ input, output: mute, terminal: true });
  const lines = linesOf(reader);
  const ask = async (question: string): Promise<string> => {
    output.write(question);
    const line = await lines.next();
    output.write('\n');
    if (line.done === true) throw new AppError('invalid', 'No password was given');
    return line.value;
  };
  try {
    const password = await ask('Password: ');
    if ((await ask('Repeat the password: ')) !== password) throw new AppError('invalid', 'The passwords do not match');
    return password;
  } finally {
    reader.close();
  }
}

/** The option of a command that cannot be undone: `--yes`. */
export interface YesOption {
  readonly yes?: true;
}

/** The option of every command that cannot be undone; without it, `confirmUnlessYes` asks. */
export const YES = ['--yes', 'do not ask for confirmation'] as const;

/**
 * Asks at the terminal before something that cannot be undone, unless `--yes` was given.
 *
 * @throws AppError `invalid` unless the answer is yes
 */
export async function confirmUnlessYes({ yes }: YesOption, question: string): Promise<void> {
  if (yes !== true) await confirm(stdTerminal(), question, '--yes');
}

/**
 * Asks before something that cannot be undone.
 *
 * @param flag - the option that answers yes in advance
 * @throws AppError `invalid` unless the answer is yes
 */
export async function confirm({ input, output }: Terminal, question: string, flag: string): Promise<void> {
  if (input.isTTY !== true) throw new AppError('invalid', `This cannot be undone: confirm it with ${flag}`);
  const reader = createInterface({ input, output, terminal: true });
  try {
    const lines = linesOf(reader);
    reader.setPrompt(`${question} [y/N] `);
    reader.prompt();
    const answer = await lines.next();
    if (answer.done === true) output.write('\n');
    if (!/^\s*y(es)?\s*$/i.test(answer.value ?? '')) throw new AppError('invalid', 'Nothing was done');
  } finally {
    reader.close();
  }
}
