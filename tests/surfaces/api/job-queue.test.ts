import { listEvents } from '../../../src/features/audit/audit';
import { enqueue } from '../../../src/platform/jobs/queue';
import { askApi } from '../../helpers/api-client';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'root', { isAdmin: true });
});
afterEach(() => server.close());

const as = 'root';
const JOBS = '/api/v1.1/jobs/';

/** Creates three jobs with unknown names: one waits, one was given up, one runs. */
async function fill(): Promise<Record<string, number>> {
  for (const name of ['is_waiting', 'is_failed', 'is_running']) {
    await enqueue(server.ctx.db, name, { secret: 'payload' }, { maxAttempts: 2 });
  }
  const jobs = 'graphile_worker._private_jobs j set';
  const of = 'from graphile_worker._private_tasks t where t.id = j.task_id and t.identifier =';
  await server.ctx.db.raw(`update ${jobs} attempts = 2, last_error = 'It broke' ${of} 'is_failed'`);
  await server.ctx.db.raw(`update ${jobs} locked_at = now(), locked_by = 'somebody' ${of} 'is_running'`);
  const { body } = await askApi(server, 'get', JOBS, { as });
  return Object.fromEntries(body.results.map(({ id, name }: { id: number; name: string }) => [name, id]));
}

it('administrators see jobs that wait, run and were given up, without their payload', async () => {
  await fill();
  const { body } = await askApi(server, 'get', JOBS, { as });
  expect(body.results.map((job: Record<string, unknown>) => [job['name'], job['state'], job['last_error']])).toEqual([
    ['is_waiting', 'waiting', null],
    ['is_failed', 'failed', 'It broke'],
    ['is_running', 'running', null],
  ]);
  expect(JSON.stringify(body)).not.toContain('payload');
  const failed = await askApi(server, 'get', JOBS, { as, query: { state: 'failed', page_size: 1 } });
  expect([failed.body.count, failed.body.results[0].name]).toEqual([1, 'is_failed']);
});

it('a job that was given up runs again if an administrator says so', async () => {
  const { is_failed: id } = await fill();
  expect((await askApi(server, 'post', `${JOBS}${id}/retry/`, { as })).status).toBe(204);
  const { body } = await askApi(server, 'get', JOBS, { as, query: { state: 'waiting' } });
  expect(body.results).toMatchObject([{ name: 'is_waiting' }, { name: 'is_failed', attempts: 0 }]);
  const events = await listEvents(server.ctx, { action: 'job', limit: 10 });
  expect(events).toMatchObject([{ action: 'job.retried', actor: 'root', subject: 'is_failed', details: { job: id } }]);
});

it('a job can be dropped', async () => {
  const { is_failed: id } = await fill();
  expect((await askApi(server, 'delete', `${JOBS}${id}/`, { as })).status).toBe(204);
  expect((await askApi(server, 'delete', `${JOBS}${id}/`, { as })).status).toBe(404);
  expect(await listEvents(server.ctx, { action: 'job.dropped', limit: 10 })).toHaveLength(1);
});

it('a running job is left alone', async () => {
  const { is_running: id } = await fill();
  expect((await askApi(server, 'delete', `${JOBS}${id}/`, { as })).status).toBe(409);
  expect((await askApi(server, 'post', `${JOBS}${id}/retry/`, { as })).status).toBe(409);
});

it('nobody else may use the queue', async () => {
  const { is_failed: id } = await fill();
  for (const [method, path] of [
    ['get', JOBS],
    ['post', `${JOBS}${id}/retry/`],
    ['delete', `${JOBS}${id}/`],
  ] as const) {
    expect((await askApi(server, method, path, { as: 'alice' })).status).toBe(403);
    expect((await askApi(server, method, path)).status).toBe(401);
  }
});
