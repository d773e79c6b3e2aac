import { gzipSync } from 'node:zlib';
import { maintenanceJob } from '../../../src/features/maintenance/run-job';
import { browseAs, type Browsing } from '../../helpers/browse';
import { createImage, pushImages } from '../../helpers/images';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const PATH = '/admin/storage/';

let server: TestServer;
let admin: Browsing;

beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'admin', { isAdmin: true });
  admin = await browseAs(server, 'admin');
});
afterEach(() => server.close());

async function start(kind: string): Promise<void> {
  expect((await admin.send(`${PATH}start/`, { kind }, PATH)).status).toBe(303);
}

it('shows the stored bytes by namespace', async () => {
  await pushImages(server, 'alice/app', [createImage()], { user: 'alice' });
  const { html } = await admin.get(PATH);
  expect(html).toContain('in 1 layer of 1 image');
  expect(html).toContain('href="/admin/namespaces/alice/"');
});

it('shows how many layers were read for clients of v2, and how many of them cannot be shown', async () => {
  const layers = [gzipSync('whole'), gzipSync('cut').subarray(0, 12), Buffer.alloc(0)];
  await pushImages(
    server,
    'alice/app',
    layers.map((layer) => createImage({ layer })),
  );
  expect((await admin.get(PATH)).html).toContain(
    '2 of 3 layers of images pushed over v1; 1 of them cannot be shown to these clients',
  );
});

it('has the figures of a scrub as soon as it has ended', async () => {
  await pushImages(server, 'alice/app', [createImage()]);
  expect((await admin.get(PATH)).html).toContain('1 never');
  // As if the figures had taken long to compute: readers then get those that are there.
  await server.ctx.db('storage_totals').update({ took_ms: 1000 });
  await start('scrub');
  await maintenanceJob(server.ctx).run(new AbortController().signal);
  expect((await admin.get(PATH)).html).not.toContain('1 never');
});

it('a dry run of gc waits, refreshes itself, and ends with its result', async () => {
  await start('gc_dry_run');
  const waiting = await admin.get(PATH);
  expect(waiting.html).toContain('data-refresh="/admin/storage/runs/"');
  await maintenanceJob(server.ctx).run(new AbortController().signal);
  const ended = await admin.get(`${PATH}runs/`);
  expect(ended.html).toContain('finished');
  expect(ended.html).not.toContain('data-refresh');
  expect(ended.html).not.toContain('<html');
});

it('a second run of a kind is refused with a sentence, and a waiting one is cancelled', async () => {
  await start('scrub');
  await start('scrub');
  const { html } = await admin.get(PATH);
  expect(html).toMatch(/class="notice problem"[^>]*>A run of this kind is already in progress/);
  const id = /name="id" value="(\d+)"/.exec(html)?.[1] ?? '';
  await admin.send(`${PATH}cancel/`, { id }, PATH);
  expect((await admin.get(`${PATH}runs/`)).html).toContain('cancelled');
  expect((await admin.send(`${PATH}start/`, { kind: 'burn' }, PATH)).status).toBe(303);
  expect((await admin.get(PATH)).html).toContain('Not found');
});

it('waiting jobs are listed, dropped and tried again', async () => {
  await start('gc');
  const { html } = await admin.get('/admin/jobs/');
  expect(html).toContain('maintenance');
  const id = /name="id" value="(\d+)"/.exec(html)?.[1] ?? '';
  await admin.send('/admin/jobs/retry/', { id }, '/admin/jobs/');
  expect((await admin.get('/admin/jobs/')).html).toContain('The job will run again now.');
  await admin.send('/admin/jobs/drop/', { id }, '/admin/jobs/');
  expect((await admin.get('/admin/jobs/')).html).toContain('The queue is empty');
  expect((await admin.get('/admin/jobs/?state=failed')).status).toBe(200);
});

it.each(['', 'x', '1.5', '-1', '99999999999999999999', '123456'])('the id %p does not exist', async (id) => {
  for (const action of [`${PATH}cancel/`, '/admin/jobs/retry/', '/admin/jobs/drop/']) {
    expect((await admin.send(action, { id }, PATH)).status).toBe(404);
  }
});

it('these pages and forms are for administrators', async () => {
  const alice = await browseAs(server, 'alice');
  for (const path of [PATH, `${PATH}runs/`, '/admin/jobs/']) expect((await alice.get(path)).status).toBe(403);
  const sent = await alice.send(`${PATH}start/`, { kind: 'gc' }, '/organizations/add/');
  expect(sent.status).toBe(403);
  expect(await server.ctx.db('maintenance_runs')).toEqual([]);
});
