import { readFileSync } from 'node:fs';
import path from 'node:path';
import { seedDemo } from '../seeds/demo';
import { runCommandLine } from './command-line';
import { createLogger } from './platform/log/logger';
import { dieOf, outliveOutput, takeTermination, Terminated } from './platform/process/termination';

/* The process behind bin/drydock.js. */

function readVersion(): string {
  const text = readFileSync(path.join(__dirname, '../../package.json'), 'utf8'); // relative to dist/src
  return (JSON.parse(text) as { version: string }).version;
}

async function main(): Promise<void> {
  outliveOutput();
  try {
    await runCommandLine(process.argv.slice(2), {
      version: readVersion(),
      seed: seedDemo,
      environment: undefined,
      createLog: (level) => createLogger(level, 2),
      takeSignals: () => takeTermination().stopping,
    });
  } catch (error) {
    if (!(error instanceof Terminated)) throw error;
    dieOf(error);
  }
}

void main();
