import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** The built server in a process of its own. */
export interface ChildServer {
  readonly url: string;
  /** for the helpers of `images.ts` */
  readonly server: string;
  readonly process: ChildProcess;
  /** Sends a signal and waits for the end; resolves to the exit code, or null if the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

const DRYDOCK = path.join(__dirname, '../../bin/drydock.js');

/** One process, unless a test wants more, and cheap passwords. */
const CHEAP = { DRYDOCK_WORKERS: '1', DRYDOCK_BCRYPT_COST: '4' };

/**
 * Starts `drydock serve` on a free port and waits until it listens.
 *
 * @param through - a command that replaces itself with the command after it, for example with less room
 * @param onLine - gets each line of its output, which is its log
 * @param program - `bin/drydock.js` of another version
 */
export async function startChildServer(
  environment: Record<string, string>,
  through: readonly string[] = [],
  onLine: (line: string) => void = () => undefined,
  program = DRYDOCK,
): Promise<ChildServer> {
  const [command, ...args] = [...through, process.execPath, program, 'serve'] as const;
  const child = spawn(command, args, {
    env: { PATH: process.env['PATH'], PORT: '0', LOG_LEVEL: 'error', ...CHEAP, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const url = await Promise.race([
    listeningUrl(child, onLine),
    exited.then(([code]) => Promise.reject(new Error(`the server ended with ${code} before it listened`))),
  ]);
  return {
    url,
    server: url,
    process: child,
    end: async (signal) => {
      child.kill(signal);
      return (await exited)[0];
    },
  };
}

async function listeningUrl(child: ChildProcess, onLine: (line: string) => void): Promise<string> {
  if (child.stdout === null) throw new Error('the server has no output');
  const lines = createInterface(child.stdout);
  return new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      const url = /Drydock listens on (https?:\S+)/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
      onLine(line);
    });
    lines.on('close', () => reject(new Error('the server closed its output before it listened')));
  });
}
