import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runInProcess } from './command-in-process';
import { createTestDatabase, type TestDatabase } from './test-database';

const DRYDOCK = path.join(__dirname, '../../bin/drydock.js');

/** How a command ended. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

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

/** A database and a data directory for commands to work on. */
export interface CommandPlace {
  readonly database: TestDatabase;
  readonly dataDir: string;
  readonly environment: Record<string, string>;
  /** Runs a command in this process. */
  run(...args: string[]): Promise<Outcome>;
  /** Runs the built command, in a process of its own, with something on its standard input. */
  runWithInput(input: string, ...args: string[]): Promise<Outcome>;
  close(): Promise<void>;
}

/** @param template - what the database is a copy of; usually has today's schema */
export async function createCommandPlace(template?: string): Promise<CommandPlace> {
  const database = await createTestDatabase(template);
  const dataDir = await mkdtemp(path.join(tmpdir(), 'drydock-command-'));
  const environment = { DATABASE_URL: database.url, DRYDOCK_DATA_DIR: dataDir };
  return {
    database,
    dataDir,
    environment,
    run: (...args) => runInProcess(args, environment),
    runWithInput: (input, ...args) => startCommand(args, environment, input).ended,
    close: async () => {
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** What a command says that worked. */
export function success(stdout: string): Outcome {
  return { code: 0, stdout, stderr: '' };
}

/** What a command says that failed: one sentence, and nothing that looks like output. */
export function failure(sentence: string): Outcome {
  return { code: 1, stdout: '', stderr: `error: ${sentence}\n` };
}
