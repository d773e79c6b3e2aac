import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Resources } from './resources';

const STOP_TIMEOUT_MS = 40_000;
const OUTPUT_KEPT = 8000;

/** A server process of the bench. */
export interface ServerProcess {
  readonly pid: number;
  /** the end of what it printed, for messages */
  output(): string;
  isRunning(): boolean;
  /** Resolves to the first match in a line of its output; throws when it ends or takes too long. */
  waitForLine(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray>;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** The part of our environment that a child needs; a setting of the operator must not change the measurement. */
function baseEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG'].map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(kept.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}

/**
 * Starts a server in a process group of its own: Ctrl-C reaches the bench, and the bench stops it, once.
 *
 * @param onLine - gets each line that it prints
 */
export function startProcess(
  resources: Resources,
  { file, args, env = {}, cwd }: Command,
  onLine: (line: string) => void = () => undefined,
): ServerProcess {
  const child = spawn(file, args, {
    env: { ...baseEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...(cwd === undefined ? {} : { cwd }),
  });
  resources.onEnd(() => stop(child));
  let printed = '';
  let failure: string | undefined;
  const take = (chunk: Buffer): void => {
    printed = (printed + chunk.toString()).slice(-OUTPUT_KEPT);
  };
  child.stdout.on('data', take);
  createInterface(child.stdout).on('line', onLine);
  child.stderr.on('data', take);
  child.once('error', (error) => (failure = error.message));
  const isRunning = (): boolean => failure === undefined && child.exitCode === null && child.signalCode === null;
  return {
    pid: child.pid ?? 0,
    output: () => failure ?? printed,
    isRunning,
    waitForLine: async (pattern, timeoutMs) => {
      for (const giveUpAt = Date.now() + timeoutMs; ; await sleep(20)) {
        const match = pattern.exec(printed);
        if (match !== null) return match;
        if (!isRunning()) throw new Error(`${file} ended early: ${failure ?? printed}`);
        if (Date.now() > giveUpAt) throw new Error(`${file} was not ready after ${timeoutMs} ms: ${printed}`);
      }
    },
  };
}

/** Waits until a URL answers 200. */
export async function waitForUrl(server: ServerProcess, url: string, timeoutMs = 10_000): Promise<void> {
  for (const giveUpAt = Date.now() + timeoutMs; ; await sleep(30)) {
    const response = await fetch(url).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok === true) return;
    if (!server.isRunning()) throw new Error(`${url} has no server: ${server.output()}`);
    if (Date.now() > giveUpAt) throw new Error(`${url} did not answer after ${timeoutMs} ms: ${server.output()}`);
  }
}

/** Runs a command to its end; throws with what it printed unless it succeeds. */
export async function run({ file, args, env = {}, cwd }: Command, timeoutMs = 120_000): Promise<string> {
  const child = spawn(file, args, {
    env: { ...baseEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    ...(cwd === undefined ? {} : { cwd }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code ?? signal}: ${stderr || stdout}`);
  return stdout;
}

/** A TCP port of the loopback that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
