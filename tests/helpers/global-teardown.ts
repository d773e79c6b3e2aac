import { rm } from 'node:fs/promises';

/** Stops the run's Postgres. */
export default async function globalTeardown(): Promise<void> {
  await globalThis.testPostgres?.server.stop();
  if (globalThis.testPostgres !== undefined) await rm(globalThis.testPostgres.directory, { recursive: true });
}
