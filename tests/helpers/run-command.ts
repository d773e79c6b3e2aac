import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Outcome } from './command-place';

const DRYDOCK = path.join(__dirname, '../../bin/drydock.js');

/** A command that runs. */
export interface RunningCommand {
  readonly process: ChildProcess;
  readonly ended: Promise<Outcome>;
  /** Waits until the output so far, or later, matches; resolves to the match. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Starts the built `drydock`. It sees nothing of this process's environment but the PATH. */
export function startCommand(args: readonly string[], environment: Record<string, string>, input = ''): RunningCommand {
  const child = spawn(process.execPath, [DRYDOCK, ...args], {
    env: { PATH: process.env['PATH'], DRYDOCK_BCRYPT_COST: '4', ...environment },
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
  }
  child.stdin.on('error', () => undefined); // it may end without reading
  child.stdin.end(input);
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }));
  return {
    process: child,
    ended,
    waitFor: async (pattern) => {
      for (;;) {
        const match = pattern.exec(output.stdout);
        if (match !== null) return match;
        const over = await Promise.race([ended, once(child.stdout, 'data').then(() => undefined)]);
        if (over !== undefined) throw new Error(`it ended before it said ${pattern}: ${JSON.stringify(over)}`);
      }
    },
  };
}
