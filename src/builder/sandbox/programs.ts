import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { BuildUser, Command } from './enclosure';

/**
 * Starts a command as the user of builds, without input; stderr is that of stdout for an enclosed program.
 *
 * @param ending - kills it
 */
export function startAs(
  user: BuildUser | undefined,
  { program, args, environment }: Command,
  ending?: AbortSignal,
): ChildProcess {
  return spawn(program, args, {
    cwd: '/',
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(ending === undefined ? {} : { signal: ending, killSignal: 'SIGKILL' as const }),
    ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
  });
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
