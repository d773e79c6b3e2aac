import { randomBytes } from 'node:crypto';
import { digestOf } from '../../../src/platform/bytes/digest';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { copyTag } from '../../../src/features/images/promotion';
import { collectGarbageNow } from '../../../src/features/maintenance/at-once';
import { getBlob } from '../../../src/features/manifests/blobs';
import { getManifest, getManifestBytes } from '../../../src/features/manifests/manifests';
import { listReferrers } from '../../../src/features/manifests/referrers';
import { setImmutableTags } from '../../../src/features/repositories/immutable-tags';
import { listTagHistory, restoreTag } from '../../../src/features/tags/tag-history';
import { deleteTag } from '../../../src/features/tags/tag-deletion';
import { letHoursPass, pushIndex, pushManifest, pushPlace, type PushPlace } from '../../helpers/owner-pushes';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const MONTH = 31 * 24;

let server: TestServer;
let app: PushPlace;
let twin: PushPlace;
beforeEach(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'robert']) await addUser(server, name);
  app = await pushPlace(server, 'alice/app');
  twin = await pushPlace(server, 'alice/twin');
});
afterEach(() => server.close());

const gc = () => collectGarbageNow(server.ctx, OPERATOR_ACTOR, { olderThanMs: 0, dryRun: false });

const copy = (tag: string, to: PushPlace, newTag = tag) =>
  copyTag(server.ctx, { repository: app.repository, tag }, { repository: to.repository, tag: newTag, engine: {} });

describe('a tag of a manifest that is copied', () => {
  it('brings all that an index lists, and what refers to it, without bytes, for good', async () => {
    const layer = randomBytes(300);
    const child = await pushManifest(app, { layers: [layer] });
    const signature = await pushManifest(app, { subject: child });
    const index = await pushIndex(app, [await pushIndex(app, [child])], { tag: 'multi' });
    await pushManifest(app, { tag: 'other' });
    const files = await server.ctx.db('blobs');
    expect(await copy('multi', twin, 'stable')).toEqual({ imageId: undefined, digest: index.digest, isNew: true });
    expect(await copy('multi', twin, 'stable')).toMatchObject({ isNew: false });
    expect(await server.ctx.db('blobs')).toEqual(files);
    await deleteTag(server.ctx, app.repository, 'multi');
    await letHoursPass(app, MONTH);
    expect(await gc()).toMatchObject([{ name: 'app', manifests: 4, blobs: 0 }]);
    for (const { digest, bytes } of [index, child, signature]) {
      const manifest = await getManifest(server.ctx, twin.repository, digest);
      expect((await getManifestBytes(server.ctx, manifest)).equals(bytes)).toBe(true);
    }
    expect(await getManifest(server.ctx, twin.repository, 'stable')).toMatchObject({ digest: index.digest });
    expect(await getBlob(server.ctx, twin.repository, digestOf(layer))).toMatchObject({ sizeBytes: 300 });
    const { referrers } = await listReferrers(server.ctx, twin.repository, child.digest, {});
    expect(referrers.map(({ digest }) => digest)).toEqual([signature.digest]);
    const [event] = await listTagHistory(server.ctx, twin.repository, { limit: 5 });
    expect(event).toMatchObject({ tag: 'stable', from: undefined, to: index.digest, actor: 'alice' });
  });

  it('is refused where an image would be: to another namespace, onto an immutable tag, without a tag (R200)', async () => {
    await pushManifest(app, { tag: 'v1' });
    await expect(copy('v1', await pushPlace(server, 'robert/app'))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(copy('v2', twin)).rejects.toMatchObject({ code: 'not_found', message: 'alice/app has no tag v2' });
    await pushManifest(twin, { tag: 'v1' });
    await setImmutableTags(server.ctx, twin.repository, ['*']);
    await expect(copy('v1', twin)).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('a tag of a manifest that is set back', () => {
  it('points to the manifest that it had, for as long as that is kept', async () => {
    const first = await pushManifest(app, { tag: 'v1' });
    const second = await pushManifest(app, { tag: 'v1' });
    const [moved] = await listTagHistory(server.ctx, app.repository, { limit: 1 });
    expect(moved).toMatchObject({ from: first.digest, to: second.digest });
    const restore = (side: 'before' | 'after') =>
      restoreTag(server.ctx, app.repository, { eventId: moved!.id, side, engine: {} });
    expect(await restore('before')).toEqual({ tag: 'v1', pointsTo: first.digest });
    expect(await getManifest(server.ctx, app.repository, 'v1')).toMatchObject({ digest: first.digest });
    expect(await restore('after')).toEqual({ tag: 'v1', pointsTo: second.digest });
    await letHoursPass(app, MONTH);
    await gc();
    await expect(restore('before')).rejects.toMatchObject({ code: 'not_found' });
    await deleteTag(server.ctx, app.repository, 'v1');
    expect(await restore('after')).toEqual({ tag: 'v1', pointsTo: second.digest });
  });
});
