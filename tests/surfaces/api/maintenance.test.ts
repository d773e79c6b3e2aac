import { maintenanceJob } from '../../../src/features/maintenance/run-job';
import { listEvents } from '../../../src/features/audit/audit';
import { askApi } from '../../helpers/api-client';
import { createImage, pushImages } from '../../helpers/images';
import { runDueJobs } from '../../helpers/run-jobs';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'root', { isAdmin: true });
});
afterEach(() => server.close());

const as = 'root';
const PATH = '/api/v1.1/maintenance/';

async function start(kind: string) {
  return askApi(server, 'post', PATH, { as, body: { kind } });
}

async function show(id: number) {
  return (await askApi(server, 'get', `${PATH}${id}/`, { as })).body;
}

async function runAll(stopping = new AbortController().signal): Promise<void> {
  await maintenanceJob(server.ctx).run(stopping);
}

async function pushGarbage(): Promise<number> {
  const image = createImage();
  await pushImages(server, 'alice/app', [image], { user: 'alice' });
  await server.ctx.db.raw('delete from tags');
  await server.ctx.db.raw(`update repository_images set announced_at = now() - interval '2 days'`);
  await server.ctx.db.raw(`update blobs set referenced_at = now() - interval '2 days'`);
  return image.layer.length;
}

it('a dry run reports what gc would free, and gc frees it', async () => {
  const bytes = await pushGarbage();
  const result = { repositories: 1, images: 1, manifests: 0, layers: 1, bytes };
  for (const kind of ['gc_dry_run', 'gc']) {
    const { status, body } = await start(kind);
    expect([status, body]).toMatchObject([201, { kind, state: 'waiting', requested_by: 'root' }]);
    await runAll();
    expect(await show(body.id)).toMatchObject({ state: 'finished', result, progress: { done: 1, bytes } });
    expect(await server.ctx.db('blobs')).toHaveLength(kind === 'gc' ? 0 : 1);
  }
  const events = await listEvents(server.ctx, { user: 'root', action: 'gc', limit: 10 });
  expect(events.map(({ action }) => action)).toEqual(['gc.run', 'gc.freed']);
  const { body } = await askApi(server, 'get', PATH, { as });
  expect(body.results.map(({ kind }: { kind: string }) => kind)).toEqual(['gc', 'gc_dry_run']);
});

it('gc keeps images that were announced within a day', async () => {
  await pushImages(server, 'alice/app', [createImage()], { user: 'alice' });
  await server.ctx.db.raw('delete from tags');
  const { body } = await start('gc');
  await runAll();
  expect(await show(body.id)).toMatchObject({ state: 'finished', result: { images: 0 } });
});

it('a scrub reads everything back, as a job of the queue', async () => {
  await pushImages(server, 'alice/app', [createImage()], { user: 'alice' });
  const { body } = await start('scrub');
  await runDueJobs(server.database, [maintenanceJob(server.ctx)]);
  expect(await show(body.id)).toMatchObject({ state: 'finished', result: { layers: 1, damaged: 0 } });
});

it('one run of each kind is active at a time', async () => {
  expect((await start('scrub')).status).toBe(201);
  expect((await start('scrub')).status).toBe(409);
  expect((await start('gc')).status).toBe(201);
});

it('a waiting run is cancelled at once, and a finished one cannot be', async () => {
  const { id } = (await start('gc')).body;
  const answer = await askApi(server, 'post', `${PATH}${id}/cancel/`, { as });
  expect([answer.status, answer.body.state]).toEqual([200, 'cancelled']);
  await runAll();
  expect((await show(id)).state).toBe('cancelled');
  expect((await askApi(server, 'post', `${PATH}${id}/cancel/`, { as })).status).toBe(409);
  expect((await start('gc')).status).toBe(201);
});

it('a run whose process died is shown as interrupted, and another may begin', async () => {
  const { id } = (await start('gc')).body;
  await server.ctx.db.raw(`update maintenance_runs set state = 'running', seen_at = now() - interval '2 minutes'`);
  expect((await show(id)).state).toBe('broken_off');
  const next = (await start('gc')).body.id;
  await runAll();
  expect([(await show(id)).state, (await show(next)).state]).toEqual(['broken_off', 'finished']);
});

it('nobody else may use it', async () => {
  const { id } = (await start('gc')).body;
  for (const as of ['alice', undefined]) {
    const who = as === undefined ? {} : { as };
    const answers = [
      await askApi(server, 'get', PATH, who),
      await askApi(server, 'post', PATH, { ...who, body: { kind: 'scrub' } }),
      await askApi(server, 'get', `${PATH}${id}/`, who),
      await askApi(server, 'post', `${PATH}${id}/cancel/`, who),
    ];
    const expected = as === undefined ? 401 : 403;
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => expected));
  }
});
