import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import type { Freed } from '../../../src/features/images/gc-progress';
import { collectGarbageNow } from '../../../src/features/maintenance/at-once';
import { meetLocks } from '../../helpers/lock-waits';
import {
  letHoursPass,
  pushIndex,
  pushManifest,
  pushPlace,
  type Pushed,
  type PushPlace,
} from '../../helpers/owner-pushes';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const MONTH = 31 * 24;

let server: TestServer;
let app: PushPlace;
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  app = await pushPlace(server, 'alice/app');
});
afterEach(() => server.close());

const gc = (): Promise<Freed[]> => collectGarbageNow(server.ctx, OPERATOR_ACTOR, { olderThanMs: 0, dryRun: false });

const digests = (): Promise<string[]> => server.ctx.db('manifests').pluck('digest');

/** Tags a manifest after gc has found what is garbage, and before it deletes any. Resolves to what gc frees. */
async function gcWhileTagged({ digest }: Pushed): Promise<Freed[]> {
  return meetLocks(
    server.ctx.db,
    (tx) => tx('repositories').where({ id: app.repository.id }).forUpdate(),
    gc,
    (tx) =>
      tx.raw(
        `insert into tags (repository_id, name, manifest_id) select repository_id, 'late', id from manifests where digest = ?`,
        [digest],
      ),
  );
}

it('an index that gets a tag while gc is at work keeps what it lists, and its referrers (R370)', async () => {
  await pushManifest(app);
  const leaf = await pushManifest(app);
  const index = await pushIndex(app, [leaf]);
  const signature = await pushManifest(app, { subject: leaf });
  await letHoursPass(app, MONTH);
  expect(await gcWhileTagged(index)).toMatchObject([{ manifests: 1, blobs: 2 }]);
  expect((await digests()).toSorted()).toEqual([leaf, index, signature].map(({ digest }) => digest).toSorted());
});

it('a manifest that gets a tag while gc is at work stays, and the index that listed it goes (R370)', async () => {
  const leaf = await pushManifest(app);
  await pushIndex(app, [leaf]);
  await letHoursPass(app, MONTH);
  expect(await gcWhileTagged(leaf)).toMatchObject([{ manifests: 1, blobs: 0 }]);
  expect(await digests()).toEqual([leaf.digest]);
});

it('gc frees an index of more manifests than it deletes at a time (R370)', async () => {
  const leaves: Pushed[] = [];
  for (let count = 0; count < 120; count += 1) leaves.push(await pushManifest(app, { layers: [] }));
  await pushIndex(app, leaves);
  await letHoursPass(app, MONTH);
  expect(await gc()).toMatchObject([{ manifests: 121, blobs: 120 }]);
  expect(await digests()).toEqual([]);
  expect(await server.ctx.db('repository_blobs').pluck('digest')).toEqual([]);
});
