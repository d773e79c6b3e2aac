import { once } from 'node:events';
import { startWorker } from '../../../src/platform/jobs/worker';
import { createLogger } from '../../../src/platform/log/logger';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it('a stopping worker asks a long job to end, and waits for it (R56)', async () => {
  let begun = (): void => undefined;
  const hasBegun = new Promise<void>((resolve) => (begun = resolve));
  let isOver = false;
  const run = async (stopping: AbortSignal): Promise<void> => {
    begun();
    await once(stopping, 'abort');
    await new Promise((resolve) => setTimeout(resolve, 50));
    isOver = true;
  };
  const job = { name: 'endless', schedule: '0 0 1 1 *', run };
  const worker = await startWorker(database.connection, [job], createLogger('fatal'));
  await database.db.raw(`select graphile_worker.add_job('endless')`);
  await hasBegun;
  expect(isOver).toBe(false);
  await worker.stop();
  expect(isOver).toBe(true);
});
