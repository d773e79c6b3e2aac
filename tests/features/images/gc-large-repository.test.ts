import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { listEvents } from '../../../src/features/audit/audit';
import type { Freed } from '../../../src/features/images/gc-progress';
import { collectGarbageNow } from '../../../src/features/maintenance/at-once';
import { meetLocks } from '../../helpers/lock-waits';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const IMAGES = 250;

let server: TestServer;
let repositoryId: number;
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  repositoryId = await fillRepository();
});
afterEach(() => server.close());

/** The id of the image at this depth, in SQL. */
const idAt = (depth: string): string => `lpad(to_hex(${depth}), 64, '0')`;

/** One chain of images that no tag reaches, pushed two days ago. Resolves to the number of its repository. */
async function fillRepository(): Promise<number> {
  const { db } = server.ctx;
  const layer = `'sha256:' || ${idAt('depth')}`;
  const ago = `now() - interval '2 days'`;
  const [repository] = await db('repositories').insert({ namespace: 'alice', name: 'large', state: 'active' }, ['id']);
  const { id } = repository as { id: number };
  const depths = `from generate_series(1, ${IMAGES}) depth`;
  await db.raw(`insert into blobs (digest, size_bytes, storage_key, referenced_at)
    select ${layer}, 10, 'sha256/' || depth, ${ago} ${depths}`);
  await db.raw(`insert into image_contents (image_id, parent_id, json, json_digest, layer_digest, layer_size_bytes, payload_checksum)
    select ${idAt('depth')}, case when depth > 1 then ${idAt('depth - 1')} end, '{}', '', ${layer}, 10, '' ${depths}`);
  await db.raw(`insert into repository_images (repository_id, image_id, content_id, depth, announced_at)
    select ${id}, ${idAt('depth')}, c.id, depth, ${ago} ${depths} join image_contents c on c.image_id = ${idAt('depth')}`);
  return id;
}

const run = (dryRun: boolean): Promise<Freed[]> =>
  collectGarbageNow(server.ctx, OPERATOR_ACTOR, { olderThanMs: 0, dryRun });
const gc = (): Promise<Freed[]> => run(false);

/** How many images are left, and the depth of the deepest. */
async function left(): Promise<{ count: number; deepest: number | null }> {
  const row = await server.ctx
    .db('repository_images')
    .count({ count: '*' })
    .max({ deepest: 'depth' })
    .first<{ count: number; deepest: number | null }>();
  return { ...row };
}

const wholeChain = (length: number) => ({ count: length, deepest: length });
const freed = (images: number) => [
  { namespace: 'alice', name: 'large', images, manifests: 0, blobs: images, bytes: images * 10 },
];

it('gc frees some images of a repository at a time, children before parents, and lets pushes in between (R370)', async () => {
  const found = await meetLocks(
    server.ctx.db,
    (tx) => tx('repository_images').where({ depth: 1 }).forUpdate(),
    gc,
    async () => expect(await left()).toEqual(wholeChain(50)),
  );
  expect(found).toEqual(freed(IMAGES));
  expect(await left()).toEqual({ count: 0, deepest: null });
  const events = await listEvents(server.ctx, { action: 'gc.freed', limit: 10 });
  expect(events.map(({ subject, details }) => [subject, details['images'], details['bytes']])).toEqual(
    Array.from({ length: 5 }, () => ['alice/large', 50, 500]),
  );
});

it('an image that gets a tag after gc has found its repository full of garbage stays, with its ancestors (R370)', async () => {
  const found = await meetLocks(
    server.ctx.db,
    (tx) => tx('repositories').where({ id: repositoryId }).forUpdate(),
    gc,
    (tx) =>
      tx.raw(
        `insert into tags (repository_id, name, image_id) select repository_id, 'latest', image_id from repository_images where depth = 120`,
      ),
  );
  expect(found).toEqual(freed(IMAGES - 120));
  expect(await left()).toEqual(wholeChain(120));
});

it('a dry run counts all of it', async () => {
  expect(await run(true)).toEqual(freed(IMAGES));
  expect(await left()).toEqual(wholeChain(IMAGES));
});
