import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { openDb } from '../../src/platform/db/db';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/db/embedded/embedded-postgres';
import { migrate } from '../../src/platform/db/migrate';
import { createLogger } from '../../src/platform/log/logger';
import { EXERCISED_OPERATIONS } from './exercised-operations';
import { closeRunFolder, openRunFolder } from './run-folder';
import { TEMPLATE, TEST_POSTGRES } from './test-database';

declare global {
  var testPostgres: { server: EmbeddedPostgres; folder: string } | undefined;
}

/** The tests' own server is discarded anyway, so it need not wait for the disk. */
const SETTINGS = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', max_connections: '300' };

/** One build and one Postgres for the run, with a migrated template that every test file clones. */
export default async function globalSetup(): Promise<void> {
  const folder = await openRunFolder();
  const built = build();
  try {
    await startPostgres(folder);
  } catch (error) {
    await closeRunFolder(folder);
    throw error;
  } finally {
    await built;
  }
}

/** Some tests start the built command. The types are not checked, which would take ten seconds: `npm run check` does that. */
async function build(): Promise<void> {
  const args = [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.json', '--noCheck'];
  await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'close');
}

async function startPostgres(folder: string): Promise<void> {
  const logger = createLogger('warn');
  const server = await startEmbeddedPostgres({ dataDir: folder, logger, settings: SETTINGS });
  const admin = openDb(server.connection);
  await admin.raw(`create database ${TEMPLATE}`);
  await admin.destroy();
  const template = openDb({ ...server.connection, database: TEMPLATE });
  await migrate(template);
  await template.destroy();
  globalThis.testPostgres = { server, folder };
  process.env[TEST_POSTGRES] = JSON.stringify(server.connection);
  process.env[EXERCISED_OPERATIONS] = path.join(folder, 'exercised-operations');
  await mkdir(path.join(folder, 'exercised-operations'));
}
