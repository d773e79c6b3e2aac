import { randomBytes } from 'node:crypto';
import { digestOf } from '../../../src/platform/bytes/digest';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import type { Freed } from '../../../src/features/images/gc-progress';
import { collectGarbageNow } from '../../../src/features/maintenance/at-once';
import { getBlob, mountBlob } from '../../../src/features/manifests/blobs';
import { ContentError } from '../../../src/features/manifests/content-error';
import { MANIFEST_TYPES } from '../../../src/features/manifests/media-types';
import { putManifest } from '../../../src/features/manifests/put-manifest';
import { deleteTag } from '../../../src/features/tags/tag-deletion';
import { untilOneWaits } from '../../helpers/lock-waits';
import {
  imageDocument,
  letHoursPass,
  pushBlob,
  pushIndex,
  pushManifest,
  pushPlace,
  type PushPlace,
} from '../../helpers/owner-pushes';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const MONTH = 31 * 24;
const ROUNDS = 8;

let server: TestServer;
let app: PushPlace;
let twin: PushPlace;
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  app = await pushPlace(server, 'alice/app');
  twin = await pushPlace(server, 'alice/twin');
});
afterEach(() => server.close());

const gc = (): Promise<Freed[]> => collectGarbageNow(server.ctx, OPERATOR_ACTOR, { olderThanMs: 0, dryRun: false });

async function expectWhole({ repository }: PushPlace, blobs: readonly Buffer[]): Promise<void> {
  for (const bytes of blobs) {
    const blob = await getBlob(server.ctx, repository, digestOf(bytes));
    expect(await server.ctx.blobs.size(blob.storageKey)).toBe(bytes.length);
  }
}

it('a push of a manifest and gc of what it uses: the push succeeds with all of it, or learns that it is gone (R46)', async () => {
  const outcomes = new Set<string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const layer = randomBytes(50);
    const { document, config } = imageDocument([layer]);
    for (const blob of [config, layer]) await pushBlob(app, blob);
    await letHoursPass(app, MONTH);
    const bytes = Buffer.from(JSON.stringify(document));
    const manifest = { reference: `r${round}`, contentType: MANIFEST_TYPES.ociManifest, bytes, engine: {} };
    const put = putManifest(server.ctx, app.repository, manifest).then(
      () => 'whole',
      (error: unknown) => (error instanceof ContentError ? error.problem : Promise.reject(error as Error)),
    );
    const [outcome] = await Promise.all(round % 2 === 0 ? [put, gc()] : [put, gc(), gc()]);
    outcomes.add(outcome);
    if (outcome === 'whole') await expectWhole(app, [config, layer]);
    else
      expect([outcome, await server.ctx.db('manifests').where({ digest: digestOf(bytes) })]).toEqual([
        'manifest_blob_unknown',
        [],
      ]);
  }
  expect([...outcomes].filter((one) => one !== 'whole' && one !== 'manifest_blob_unknown')).toEqual([]);
});

it('a push of an index waits for gc of the repository, and finds its children there or unknown (R46)', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const child = await pushManifest(app);
    await letHoursPass(app, MONTH);
    const put = pushIndex(app, [child], { tag: 'multi' }).then(
      () => 1,
      (error: unknown) => (error instanceof ContentError ? 0 : Promise.reject(error as Error)),
    );
    const [there] = await Promise.all([put, gc()]);
    expect(await server.ctx.db('manifests').where({ digest: child.digest })).toHaveLength(there);
  }
});

it('a mount that gc meets half way keeps the blob: gc yields and frees the rest (R46, R240)', async () => {
  const layer = randomBytes(50);
  await pushManifest(app, { tag: 'v1', layers: [layer] });
  await deleteTag(server.ctx, app.repository, 'v1');
  await letHoursPass(app, MONTH);
  const mounting = await server.ctx.db.transaction();
  await mounting('repository_blobs').insert({ repository_id: twin.repository.id, digest: digestOf(layer) });
  const collecting = gc();
  await untilOneWaits(server.ctx.db);
  await mounting.commit();
  expect(await collecting).toMatchObject([{ name: 'app', manifests: 1, blobs: 1 }]);
  await expectWhole(twin, [layer]);
});

it('mounts and pushes of equal bytes during gc leave whole blobs, or none (R46, R240)', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const layer = randomBytes(50);
    const digest = await pushBlob(app, layer);
    await letHoursPass(app, MONTH);
    const [isMounted] = await Promise.all([
      mountBlob(server.ctx, twin.repository, app.repository, digest),
      gc(),
      round % 2 === 0 ? pushBlob(app, layer) : undefined,
    ]);
    if (isMounted) await expectWhole(twin, [layer]);
    if (round % 2 === 0) await expectWhole(app, [layer]);
  }
});
