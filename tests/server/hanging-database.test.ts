import { createDataDir, removeDataDir } from '../helpers/data-dir';
import { startChildServer } from '../helpers/child-server';
import { startOwnPostgres } from '../helpers/own-postgres';
import { treeOf } from '../helpers/process-tree';

it('a server ends although its Postgres hangs, and says so (R372)', async () => {
  const postgres = await startOwnPostgres();
  const dataDir = await createDataDir('hanging');
  const log: string[] = [];
  const server = await startChildServer(
    {
      DATABASE_URL: postgres.url,
      DRYDOCK_DATA_DIR: dataDir,
      DRYDOCK_WORKERS: '2',
      DRYDOCK_DRAIN_SECONDS: '1',
    },
    [],
    (line) => log.push(line),
  );
  const hanging = treeOf(postgres.pid());
  hanging.forEach((pid) => process.kill(pid, 'SIGSTOP'));
  try {
    expect(await server.end('SIGTERM')).toBe(1);
    expect(log.join('\n')).toContain('the database may hang');
  } finally {
    hanging.forEach((pid) => process.kill(pid, 'SIGCONT'));
    await server.end('SIGKILL');
    await postgres.remove();
    await removeDataDir(dataDir);
  }
});
