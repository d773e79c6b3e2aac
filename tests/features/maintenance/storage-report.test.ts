import { randomBytes } from 'node:crypto';
import type { Actor } from '../../../src/features/access/actor';
import { storageReport, storageReportJob, type StorageReport } from '../../../src/features/maintenance/storage-report';
import { openDb } from '../../../src/platform/db/db';
import { actorOf } from '../../helpers/actors';
import { createImage, pushImages } from '../../helpers/images';
import { pushBlob, pushManifest, pushPlace } from '../../helpers/owner-pushes';
import { queuedJobs, runDueJobs } from '../../helpers/run-jobs';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
let root: Actor;
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'robert');
  await addUser(server, 'root', { isAdmin: true });
  root = await actorOf(server, 'root');
});
afterEach(() => server.close());

const report = (range = { limit: 10, offset: 0 }): Promise<StorageReport> => storageReport(server.ctx, root, range);
const push = (repository: string) =>
  pushImages(server, repository, [createImage()], { user: repository.split('/')[0]! });

/** Makes the figures look as if computing them had taken this long, some time ago. */
async function pretend(tookMs: number, ago: string): Promise<void> {
  await server.ctx.db.raw(`update storage_totals set took_ms = ?, as_of = now() - ?::interval`, [tookMs, ago]);
}

describe('the storage report', () => {
  it('has the largest namespaces first, in pages, and includes empty ones', async () => {
    for (const name of ['alice/one', 'alice/two', 'robert/app']) await push(name);
    await server.ctx.db('repositories').insert({ namespace: 'root', name: 'empty', state: 'active' });
    const all = await report();
    expect(all).toMatchObject({ repositories: 4, images: 3, blobs: 3, total: 3 });
    expect(all.namespaces.map(({ namespace, repositories, layers }) => [namespace, repositories, layers])).toEqual([
      ['alice', 2, 2],
      ['robert', 1, 1],
      ['root', 1, 0],
    ]);
    const second = await report({ limit: 1, offset: 1 });
    expect([second.total, second.namespaces]).toEqual([3, all.namespaces.slice(1, 2)]);
  });

  it('counts blobs of manifests, and those that wait for one, once in each namespace', async () => {
    const image = createImage({ layer: randomBytes(1000) });
    await pushImages(server, 'alice/one', [image]);
    const [one, two] = [await pushPlace(server, 'alice/one'), await pushPlace(server, 'alice/two')];
    for (const place of [one, two]) await pushManifest(place, { tag: 'v2', layers: [image.layer, randomBytes(200)] });
    await pushBlob(two, randomBytes(30));
    const { blobs, bytes, namespaces } = await report();
    expect([blobs, bytes > 1430]).toEqual([6, true]);
    expect(namespaces.find(({ namespace }) => namespace === 'alice')).toMatchObject({ images: 1, layers: 6, bytes });
  });

  it('is computed again for its reader if that is quick', async () => {
    await report();
    await push('alice/app');
    await pretend(5, '1 minute');
    expect(await report()).toMatchObject({ images: 1, total: 1 });
  });

  it('is as old as it says if that is slow, until the job has computed it again', async () => {
    const first = await report();
    await push('alice/app');
    await pretend(8000, '50 minutes');
    const old = await report();
    expect([old.images, old.total]).toEqual([0, 0]);
    expect(old.asOf.getTime()).toBeLessThan(first.asOf.getTime());
    await storageReportJob(server.ctx).run(new AbortController().signal);
    const fresh = await report();
    expect([fresh.images, fresh.total]).toEqual([1, 1]);
    expect(fresh.asOf.getTime()).toBeGreaterThan(first.asOf.getTime());
  });

  it('is the same for all readers at the same time', async () => {
    await push('alice/app');
    const reports = await Promise.all(Array.from({ length: 4 }, () => report()));
    expect(reports).toMatchObject(Array(4).fill({ images: 1, total: 1 }));
  });

  it('is left to the job if the first one takes longer than a request may', async () => {
    await push('alice/app');
    await server.ctx.db.raw(`alter database ${server.database.connection.database} set lock_timeout = '100ms'`);
    const impatient = openDb(server.database.connection, 2);
    const locking = await server.ctx.db.transaction();
    await locking.raw('lock table storage_totals in exclusive mode');
    const refused = storageReport({ db: impatient }, root, { limit: 10, offset: 0 });
    await expect(refused).rejects.toMatchObject({
      code: 'unavailable',
      message: 'Storage use is being counted for the first time: try again in a few minutes',
    });
    await locking.rollback();
    await impatient.destroy();
    const isQueued = async () => (await queuedJobs(server.database)).some(({ name }) => name === 'storage_report');
    expect(await isQueued()).toBe(true);
    await runDueJobs(server.database, [storageReportJob(server.ctx)]);
    expect(await isQueued()).toBe(false);
    expect(await server.ctx.db('storage_totals').pluck('images')).toEqual([1]);
  });
});
