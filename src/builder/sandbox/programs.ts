import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { sendSignal } from '../../platform/process/signals';
import type { BuildUser, Command } from './enclosure';

/**
 * Kills a program and its helpers when `ending` says so. `unshare` has one that maps users: killed alone, it would leave a helper
 * that waits for it for ever, keeps its output open, and counts as a process of the user.
 */
function killGroupOn(ending: AbortSignal, child: ChildProcess): void {
  const kill = (): void => {
    if (child.pid !== undefined) sendSignal(-child.pid, 'SIGKILL');
  };
  if (ending.aborted) kill();
  else ending.addEventListener('abort', kill, { once: true });
  child.once('exit', () => ending.removeEventListener('abort', kill)); // the number may soon be that of another
}

/**
 * Starts a command as the user of builds, without input; stderr is that of stdout for an enclosed program.
 *
 * @param ending - kills it, with what it has started
 */
export function startAs(
  user: BuildUser | undefined,
  { program, args, environment }: Command,
  ending?: AbortSignal,
): ChildProcess {
  const child = spawn(program, args, {
    cwd: '/',
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: ending !== undefined,
    ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
  });
  if (ending !== undefined) killGroupOn(ending, child);
  return child;
}

/** What a program wrote to both of its outputs, and its exit code; null if a signal ended it, or it is missing. */
export interface Ended {
  readonly code: number | null;
  readonly text: string;
}

/** Runs a command as the user of builds until it ends. @param ending - kills it */
export async function runAs(user: BuildUser | undefined, command: Command, ending?: AbortSignal): Promise<Ended> {
  const child = startAs(user, command, ending);
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, text: Buffer.concat(chunks).toString() };
  } catch (error) {
    return { code: null, text: String(error) };
  }
}
