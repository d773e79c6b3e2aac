import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { childrenOf } from './processes';
import { setTimeout as sleep } from 'node:timers/promises';
import { enclosed, type Enclosure } from './enclosure';
import { startAs } from './programs';
import { watchLimits } from './watch-limits';

/** Receives the output of a program in the order in which it was written; the program waits while it does. */
export type Output = (chunk: Buffer) => Promise<void> | void;

/** A program ended by itself, but not with success. */
export class ProgramFailed extends Error {
  override readonly name = 'ProgramFailed';

  constructor(readonly program: string) {
    super(`${program} failed`);
  }
}

/**
 * Runs a program in its enclosure until it ends, with everything that it started.
 *
 * @param program - its name and arguments
 * @param output - what it throws ends the program, and is thrown
 * @param stopping - kills everything in the enclosure at once, and its reason is thrown
 * @throws BuildFailure when a limit was exceeded; ProgramFailed for an exit code other than 0
 */
export async function runEnclosed(
  enclosure: Enclosure,
  program: readonly string[],
  output: Output,
  stopping: AbortSignal,
): Promise<void> {
  stopping.throwIfAborted();
  const ending = new AbortController();
  const child = startAs(enclosure.user, enclosed(enclosure, program));
  const end = (reason: unknown): void => {
    if (!ending.signal.aborted) ending.abort(reason);
    void killEnclosed(child);
  };
  const onStopping = (): void => end(stopping.reason);
  stopping.addEventListener('abort', onStopping, { once: true });
  if (stopping.aborted) onStopping();
  const closed = once(child, 'close') as Promise<[number | null]>;
  const over = new AbortController();
  const watched = watchLimits(child.pid, enclosure, over.signal).catch(end);
  const read = Promise.all([child.stdout, child.stderr].map((stream) => drain(stream, output).catch(end)));
  try {
    const [[code]] = await Promise.all([closed, read]);
    ending.signal.throwIfAborted();
    if (code !== 0) throw new ProgramFailed(program[0] ?? '');
  } finally {
    over.abort();
    stopping.removeEventListener('abort', onStopping);
    await watched;
  }
}

/** How long the first process of an enclosure may take to end before its parent is killed, too. */
const KILL_MS = 2000;

/** Kills the first process in the enclosure: its parent then ends when all others have. */
async function killEnclosed(child: ChildProcess): Promise<void> {
  const inside = child.pid === undefined ? [] : await childrenOf(child.pid);
  for (const pid of inside) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it has ended
    }
  }
  if (inside.length > 0) await sleep(KILL_MS, undefined, { ref: false });
  child.kill('SIGKILL');
}

async function drain(stream: NodeJS.ReadableStream | null, output: Output): Promise<void> {
  for await (const chunk of stream ?? []) await output(chunk as Buffer);
}
