import { randomBytes } from 'node:crypto';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { listEvents } from '../../../src/features/audit/audit';
import type { Freed, GcProgress } from '../../../src/features/images/gc-progress';
import { collectGarbageNow } from '../../../src/features/maintenance/at-once';
import { deleteManifest, getManifest } from '../../../src/features/manifests/manifests';
import { deleteBlob, getBlob, mountBlob } from '../../../src/features/manifests/blobs';
import { deleteTag } from '../../../src/features/tags/tag-deletion';
import { sweep } from '../../../src/jobs';
import { createImage, pushImages } from '../../helpers/images';
import {
  letHoursPass,
  pushBlob,
  pushIndex,
  pushManifest,
  pushPlace,
  type Pushed,
  type PushPlace,
} from '../../helpers/owner-pushes';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const DAY = 24;
const MONTH = 31 * DAY;

let server: TestServer;
let app: PushPlace;
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  app = await pushPlace(server, 'alice/app');
});
afterEach(() => server.close());

const gc = (dryRun = false, onProgress?: (progress: GcProgress) => void): Promise<Freed[]> =>
  collectGarbageNow(server.ctx, OPERATOR_ACTOR, {
    olderThanMs: 0,
    dryRun,
    ...(onProgress === undefined ? {} : { onProgress }),
  });

const untag = (tag: string, { repository } = app) => deleteTag(server.ctx, repository, tag);

/** Which of the manifests are still there. */
async function kept(manifests: readonly Pushed[], { repository } = app): Promise<boolean[]> {
  const rows = await server.ctx
    .db<{ digest: string; repository_id: number }>('manifests')
    .where({ repository_id: repository.id });
  return manifests.map(({ digest }) => rows.some((row) => row.digest === digest));
}

const blobCount = async (): Promise<number> => (await server.ctx.db('blobs')).length;

describe('gc of manifests', () => {
  it('frees those that no tag led to for a month, with their blobs, and says so (R250)', async () => {
    const old = await pushManifest(app, { tag: 'v1', layers: [randomBytes(70)] });
    const current = await pushManifest(app, { tag: 'v2' });
    await untag('v1');
    await letHoursPass(app, 29 * DAY);
    expect(await gc()).toEqual([]);
    await letHoursPass(app, 2 * DAY);
    const trial = await gc(true);
    expect(trial).toEqual([
      expect.objectContaining({ namespace: 'alice', name: 'app', images: 0, manifests: 1, blobs: 2 }),
    ]);
    expect(await kept([old, current])).toEqual([true, true]);
    const seen: GcProgress[] = [];
    expect(await gc(false, (progress) => seen.push(progress))).toEqual(trial);
    expect(await kept([old, current])).toEqual([false, true]);
    expect(await blobCount()).toBe(2);
    expect(seen).toEqual([expect.objectContaining({ repositories: 1, done: 1, manifests: 1, layers: 2 })]);
    const [event] = await listEvents(server.ctx, { action: 'gc.freed', limit: 5 });
    expect(event?.details).toMatchObject({ images: 0, manifests: 1, layers: 2 });
    expect(await gc()).toEqual([]);
  });

  it('counts from the moment that a tag left, not from the push (R250)', async () => {
    const manifest = await pushManifest(app, { tag: 'v1' });
    await letHoursPass(app, 12 * MONTH);
    await pushManifest(app, { tag: 'v1' });
    const other = await pushManifest(app, { tag: 'v2' });
    await letHoursPass(app, 12 * MONTH);
    await untag('v2');
    expect(await gc()).toMatchObject([{ manifests: 1 }]);
    expect(await kept([manifest, other])).toEqual([false, true]);
  });

  it('keeps what an index lists, and what that lists, however old (R250)', async () => {
    const [leaf, other] = [await pushManifest(app), await pushManifest(app)];
    const inner = await pushIndex(app, [leaf]);
    const outer = await pushIndex(app, [inner, other], { tag: 'multi' });
    await letHoursPass(app, MONTH);
    expect(await gc()).toEqual([]);
    await untag('multi');
    await letHoursPass(app, 29 * DAY);
    expect(await gc()).toEqual([]);
    await letHoursPass(app, 2 * DAY);
    expect(await gc()).toMatchObject([{ manifests: 4, blobs: 4 }]);
    expect(await kept([leaf, other, inner, outer])).toEqual([false, false, false, false]);
    expect(await blobCount()).toBe(0);
  });

  it('keeps a referrer as long as its subject, also of a child of an index, and alone if it has a tag (R250)', async () => {
    const leaf = await pushManifest(app);
    const index = await pushIndex(app, [leaf], { tag: 'multi' });
    const signature = await pushManifest(app, { subject: leaf });
    const ofSignature = await pushManifest(app, { subject: signature });
    const named = await pushManifest(app, { subject: index, tag: 'sbom' });
    const indexOfReferrers = await pushIndex(app, [], { subject: index });
    const all = [leaf, index, signature, ofSignature, named, indexOfReferrers];
    await letHoursPass(app, MONTH);
    expect(await gc()).toEqual([]);
    await untag('multi');
    await letHoursPass(app, MONTH);
    expect(await gc()).toMatchObject([{ manifests: 5 }]);
    expect(await kept(all)).toEqual([false, false, false, false, true, false]);
  });

  it('ends with manifests that are subjects of each other', async () => {
    const [one, two] = [await pushManifest(app), await pushManifest(app)];
    const outside = await pushManifest(app, { subject: two });
    await server.ctx.db('manifests').where({ digest: one.digest }).update({ subject: two.digest });
    await server.ctx.db('manifests').where({ digest: two.digest }).update({ subject: one.digest });
    const tagged = await pushIndex(app, [one], { tag: 'v1' });
    await letHoursPass(app, MONTH);
    expect(await gc()).toEqual([]);
    await untag('v1');
    await letHoursPass(app, MONTH);
    expect(await gc()).toMatchObject([{ manifests: 4 }]);
    expect(await kept([one, two, outside, tagged])).toEqual([false, false, false, false]);
  });

  it('keeps blobs that another repository has, and the manifests of the other one', async () => {
    const layer = randomBytes(80);
    const twin = await pushPlace(server, 'alice/twin');
    await pushManifest(app, { tag: 'v1', layers: [layer] });
    const other = await pushManifest(twin, { tag: 'v1', layers: [layer] });
    await untag('v1');
    await letHoursPass(app, MONTH);
    expect(await gc()).toMatchObject([{ name: 'app', manifests: 1, blobs: 1 }]);
    expect(await kept([other], twin)).toEqual([true]);
    expect(await blobCount()).toBe(2);
  });

  it('keeps a blob that is a layer of v1 and of a manifest, until neither needs it', async () => {
    const image = createImage({ layer: randomBytes(90) });
    await pushImages(server, 'alice/app', [image], { tag: 'one' });
    const manifest = await pushManifest(app, { tag: 'two', layers: [image.layer] });
    await untag('one');
    await letHoursPass(app, MONTH);
    expect(await gc()).toMatchObject([{ images: 1, manifests: 0, blobs: 0, bytes: 0 }]);
    await pushImages(server, 'alice/app', [image], { tag: 'one' });
    await untag('two');
    await letHoursPass(app, MONTH);
    expect(await gc()).toMatchObject([{ images: 0, manifests: 1, blobs: 1 }]);
    expect(await kept([manifest])).toEqual([false]);
    await untag('one');
    await letHoursPass(app, MONTH);
    expect(await gc()).toMatchObject([{ images: 1, manifests: 0, blobs: 1, bytes: 90 }]);
    expect(await blobCount()).toBe(0);
  });

  it('frees at once the blobs of a manifest that was deleted by its digest', async () => {
    const manifest = await pushManifest(app, { tag: 'v1' });
    await letHoursPass(app, 2 * DAY);
    await deleteManifest(server.ctx, app.repository, manifest.digest);
    await expect(getManifest(server.ctx, app.repository, manifest.digest)).rejects.toMatchObject({
      problem: 'manifest_unknown',
    });
    expect(await gc()).toMatchObject([{ images: 0, manifests: 0, blobs: 2 }]);
  });
});

describe('gc of blobs that were pushed or mounted for a manifest to come', () => {
  it('keeps them for a day, even when it frees all that is not in use (R46)', async () => {
    const digest = await pushBlob(app, randomBytes(30));
    const twin = await pushPlace(server, 'alice/twin');
    expect(await mountBlob(server.ctx, twin.repository, app.repository, digest)).toBe(true);
    await letHoursPass(app, DAY - 1);
    expect(await gc()).toEqual([]);
    await letHoursPass(app, 2);
    expect(await gc()).toMatchObject([{ name: 'twin', images: 0, manifests: 0, blobs: 1, bytes: 30 }]);
    await expect(getBlob(server.ctx, app.repository, digest)).rejects.toMatchObject({ problem: 'blob_unknown' });
  });

  it('keeps one that a client pushes again, whatever its age (R46)', async () => {
    const bytes = randomBytes(30);
    await pushBlob(app, bytes);
    await letHoursPass(app, MONTH);
    await pushBlob(app, bytes);
    expect(await gc()).toEqual([]);
    await pushManifest(app, { tag: 'v1', layers: [bytes] });
    await letHoursPass(app, MONTH);
    expect(await gc()).toEqual([]);
  });

  it('leaves one that was taken out of its repository to the next sweep', async () => {
    const digest = await pushBlob(app, randomBytes(30));
    await deleteBlob(server.ctx, app.repository, digest);
    await letHoursPass(app, 2 * DAY);
    expect(await gc()).toEqual([]);
    expect(await sweep(server.ctx, DAY * 3_600_000)).toMatchObject({ blobs: 1 });
    expect(await blobCount()).toBe(0);
  });
});
