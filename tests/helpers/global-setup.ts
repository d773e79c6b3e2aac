import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openDb } from '../../src/platform/db/db';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/db/embedded/embedded-postgres';
import { migrate } from '../../src/platform/db/migrate';
import { createLogger } from '../../src/platform/log/logger';
import { EXERCISED_OPERATIONS } from './operations';
import { TEMPLATE, TEST_POSTGRES } from './test-database';

declare global {
  var testPostgres: { server: EmbeddedPostgres; directory: string } | undefined;
}

/** The tests' own server forgets everything anyway, so that it need not wait for the disk. */
const SETTINGS = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', max_connections: '300' };

/** One Postgres for the run, with a migrated template that every test file clones. */
export default async function globalSetup(): Promise<void> {
  // Some tests start the built command. A type error does not keep tsc from building; `npm run check` reports it.
  spawnSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.json'], { stdio: 'inherit' });
  const directory = await mkdtemp(path.join(tmpdir(), 'drydock-test-'));
  const logger = createLogger('warn');
  const server = await startEmbeddedPostgres({ dataDir: directory, logger, settings: SETTINGS });
  const admin = openDb(server.connection);
  await admin.raw(`create database ${TEMPLATE}`);
  await admin.destroy();
  const template = openDb({ ...server.connection, database: TEMPLATE });
  await migrate(template);
  await template.destroy();
  globalThis.testPostgres = { server, directory };
  process.env[TEST_POSTGRES] = JSON.stringify(server.connection);
  process.env[EXERCISED_OPERATIONS] = path.join(directory, 'exercised-operations');
  await mkdir(path.join(directory, 'exercised-operations'));
}
