import { Console } from 'node:console';
import { Readable, Writable } from 'node:stream';
import { seedDemo } from '../../seeds/demo';
import { runCommandLine } from '../../src/command-line';
import { createLogger } from '../../src/platform/log/logger';
import type { Outcome } from './command-place';

/*
 * Commands of `drydock` in this process: all of a command but the start of Node.js, which takes longer than most of them.
 * They write to the output of the process, so that they run one after the other.
 */

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs a command with this environment, and no other variable, after those that were started before.
 *
 * @param isTerminal - stderr says that it is one
 */
export function runInProcess(
  words: readonly string[],
  environment: Record<string, string>,
  isTerminal = false,
): Promise<Outcome> {
  const outcome = last.then(() => captured(words, environment, isTerminal));
  last = outcome.catch(() => undefined);
  return outcome;
}

async function captured(
  words: readonly string[],
  environment: Record<string, string>,
  isTerminal: boolean,
): Promise<Outcome> {
  const stdout = new Collector();
  const stderr = Object.assign(new Collector(), { isTTY: isTerminal, columns: 200 });
  const restore = replaceStreams({ stdin: Readable.from([]), stdout, stderr });
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    await runCommandLine(words, {
      version: 'of the tests',
      seed: seedDemo,
      environment: { DRYDOCK_BCRYPT_COST: '4', ...environment },
      createLog: (level) => createLogger(level, stderr),
      takeSignals: () => new AbortController().signal,
    });
    return { code: exitCode(), stdout: stdout.text, stderr: stderr.text };
  } finally {
    process.exitCode = before;
    restore();
  }
}

function exitCode(): number {
  return Number(process.exitCode ?? 0);
}

class Collector extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** Gives the process other streams, and a console that writes to them; the result restores its own. */
function replaceStreams(streams: { stdin: Readable; stdout: Writable; stderr: Writable }): () => void {
  const own = Object.getOwnPropertyDescriptors(process);
  const { console } = globalThis;
  for (const [name, value] of Object.entries(streams)) {
    Object.defineProperty(process, name, { value, configurable: true, enumerable: true });
  }
  globalThis.console = new Console(streams);
  return () => {
    for (const name of ['stdin', 'stdout', 'stderr'] as const) Object.defineProperty(process, name, own[name]);
    globalThis.console = console;
  };
}
