import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { BuilderSettings } from '../../src/builder/settings';

const DRYDOCK = path.join(__dirname, '../../bin/drydock.js');

/** `drydock builder` in a process of its own. */
export interface BuilderProcess {
  /** Sends a signal and waits for the end; resolves to the exit code, or null if the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts `drydock builder` and waits until it takes builds; sources may be on the loopback. */
export async function startBuilderProcess(
  { hub, folder, userName, limits }: BuilderSettings,
  databaseUrl: string,
): Promise<BuilderProcess> {
  const environment = {
    DATABASE_URL: databaseUrl,
    DRYDOCK_BUILDER_HUB: hub,
    DRYDOCK_BUILDER_DIR: folder,
    DRYDOCK_BUILDER_USER: userName,
    DRYDOCK_BUILD_MEMORY: String(limits.memoryBytes),
    DRYDOCK_BUILD_DISK: String(limits.diskBytes),
    DRYDOCK_BUILD_ALLOW: '127.0.0.1',
    LOG_LEVEL: 'error',
  };
  const child = spawn(process.execPath, [DRYDOCK, 'builder'], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const started = (async () => {
    for await (const line of createInterface(child.stdout)) if (/takes builds/.test(line)) return;
  })();
  const early = exited.then(([code]) => Promise.reject(new Error(`the builder ended with ${code} before it started`)));
  await Promise.race([started, early]);
  early.catch(() => undefined);
  return {
    end: async (signal) => {
      child.kill(signal);
      return (await exited)[0];
    },
  };
}
