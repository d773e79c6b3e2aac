import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runInProcess } from './command-in-process';
import { createTestDatabase, type TestDatabase } from './test-database';

/** How a command ended. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A database and a data directory for commands to work on. */
export interface CommandPlace {
  readonly database: TestDatabase;
  readonly dataDir: string;
  readonly environment: Record<string, string>;
  /** Runs a command in this process. */
  run(...args: string[]): Promise<Outcome>;
  close(): Promise<void>;
}

/** @param template - the database to copy; usually one with today's schema */
export async function createCommandPlace(template?: string): Promise<CommandPlace> {
  const database = await createTestDatabase(template);
  const dataDir = await mkdtemp(path.join(tmpdir(), 'drydock-command-'));
  const environment = { DATABASE_URL: database.url, DRYDOCK_DATA_DIR: dataDir };
  return {
    database,
    dataDir,
    environment,
    run: (...args) => runInProcess(args, environment),
    close: async () => {
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** The output of a command that worked. */
export function success(stdout: string): Outcome {
  return { code: 0, stdout, stderr: '' };
}

/** The output of a command that failed: one sentence, and nothing that looks like a result. */
export function failure(sentence: string): Outcome {
  return { code: 1, stdout: '', stderr: `error: ${sentence}\n` };
}
