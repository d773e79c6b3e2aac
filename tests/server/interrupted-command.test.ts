import { createDataDir, removeDataDir } from '../helpers/data-dir';
import { untilOneWaits } from '../helpers/lock-waits';
import { startCommand } from '../helpers/run-command';
import { createTestDatabase } from '../helpers/test-database';

it('Ctrl-C ends a command whose statement waits for a lock (R373)', async () => {
  const database = await createTestDatabase();
  const dataDir = await createDataDir('interrupted');
  const environment = { DATABASE_URL: database.url, DRYDOCK_DATA_DIR: dataDir };
  try {
    await startCommand(['repo', 'create', 'library/app'], environment).ended;
    await database.db.transaction(async (other) => {
      await other.raw('lock table manifests in access exclusive mode');
      const gc = startCommand(['gc'], environment);
      await untilOneWaits(database.db);
      gc.process.kill('SIGINT');
      await gc.ended;
      expect(gc.process.signalCode).toBe('SIGINT');
    });
  } finally {
    await database.drop();
    await removeDataDir(dataDir);
  }
});
