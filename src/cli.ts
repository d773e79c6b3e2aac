import { createRequire } from 'node:module';
import type * as Demo from '../seeds/demo';
import { runCommandLine } from './command-line';
import { createLogger } from './platform/log/logger';
import { buildName } from './platform/process/build';
import { dieOf, outliveOutput, takeTermination, Terminated } from './platform/process/termination';

/* The process behind bin/drydock.js. */

const load = createRequire(__filename);

async function main(): Promise<void> {
  outliveOutput();
  try {
    await runCommandLine(process.argv.slice(2), {
      version: buildName(),
      seed: (ctx) => (load('../seeds/demo') as typeof Demo).seedDemo(ctx),
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
