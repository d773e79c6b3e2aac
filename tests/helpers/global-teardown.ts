import { closeRunFolder } from './run-folder';

/** Stops the run's Postgres, and takes away what the run and its tests have left on the disk. */
export default async function globalTeardown(): Promise<void> {
  await globalThis.testPostgres?.server.stop();
  if (globalThis.testPostgres !== undefined) await closeRunFolder(globalThis.testPostgres.folder);
}
