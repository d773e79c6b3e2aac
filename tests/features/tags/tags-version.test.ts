import { randomBytes } from 'node:crypto';
import type { Context } from '../../../src/context';
import { OPERATOR_ACTOR, type Actor } from '../../../src/features/access/actor';
import { createUser, getUser } from '../../../src/features/accounts/users';
import { tagsAsJson as readTags } from '../../../src/features/tags/tag-list';
import { inTransaction } from '../../../src/platform/db/db';
import { query } from '../../../src/platform/db/query';
import { createTestContext } from '../../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';
import { untilOneWaits } from '../../helpers/lock-waits';
import { deleteTag, deleteThroughIndex, deleteThroughRegistry, putTag } from '../../helpers/by-name';

const NAME = { namespace: 'alice', name: 'app' };
const STRANGER: Actor = { kind: 'anonymous', address: '::1' };
const ID = ['a', 'b', 'c'].map((digit) => digit.repeat(64));

let database: TestDatabase;
/** Several processes, each of which has its own cache of lists. */
let processes: Context[];
let owner: Actor;
beforeAll(async () => {
  database = await createTestDatabase();
  processes = [createTestContext(database.db), createTestContext(database.db)];
  const user = { username: 'alice', password: 'secret', email: undefined };
  await createUser(processes[0]!, OPERATOR_ACTOR, { ...user, isActive: true, isAdmin: false, isEmailVerified: true });
  const { id } = await getUser({ db: database.db }, 'alice');
  owner = { kind: 'user', proof: 'password', address: '::1', identity: { userId: id, credentialsEpoch: 0 } };
});
afterAll(() => database.drop());

beforeEach(async () => {
  await query(database.db, 'delete from repositories');
  await addRepository();
});

const tagsAsJson = async (...of: Parameters<typeof readTags>): Promise<Buffer> => (await readTags(...of)).json;

/** Adds the repository, with three images that are complete and have no parents. */
async function addRepository(): Promise<void> {
  await database.db.raw(
    `insert into blobs (digest, size_bytes, storage_key) values ('sha256:' || repeat('0', 64), 1, 'key')
     on conflict do nothing`,
  );
  await database.db.raw(
    `with made as (
       insert into repositories (namespace, name, state) values ('alice', 'app', 'active') returning id
     ), contents as (
       insert into image_contents (image_id, json, json_digest, layer_digest, layer_size_bytes, payload_checksum)
       select image_id, '{}', '${randomBytes(8).toString('hex')}', 'sha256:' || repeat('0', 64), 1, ''
       from unnest(?::text[]) image_id returning id, image_id
     )
     insert into repository_images (repository_id, image_id, content_id, depth)
     select made.id, contents.image_id, contents.id, 1 from made, contents`,
    [ID],
  );
}

const put = (name: string, imageId: string | undefined, by = processes[0]!): Promise<boolean> =>
  putTag(by, owner, NAME, { name, imageId, engine: {} });

/** Expects these tags from each of the processes. */
async function expectTags(tags: Record<string, string>): Promise<void> {
  for (const ctx of processes) {
    const json = await tagsAsJson(ctx, STRANGER, NAME);
    expect(JSON.parse(json.toString())).toEqual(tags);
  }
}

it('every change of a tag is seen by every process with its next request', async () => {
  await expectTags({});
  await put('one', ID[0]);
  await expectTags({ one: ID[0]! });
  await put('two', ID[1], processes[1]);
  await expectTags({ one: ID[0]!, two: ID[1]! });
  await put('one', ID[2]);
  await expectTags({ one: ID[2]!, two: ID[1]! });
  await deleteTag(processes[1]!, owner, NAME, 'two');
  await expectTags({ one: ID[2]! });
  await deleteThroughRegistry(processes[0]!, owner, NAME);
  await expectTags({});
});

it.each([
  ['insert', `insert into tags (repository_id, name, image_id) select id, 'new', '${ID[1]}' from repositories`],
  ['update', `update tags set name = 'new', image_id = '${ID[1]}'`],
])('a change by SQL alone is seen as well: %s', async (what, sql) => {
  await put('old', ID[0]);
  await expectTags({ old: ID[0]! });
  await query(database.db, sql);
  await expectTags(what === 'insert' ? { old: ID[0]!, new: ID[1]! } : { new: ID[1]! });
  await query(database.db, 'delete from tags');
  await expectTags({});
});

it('a list is not created again while nothing changes, for any caller', async () => {
  await put('one', ID[0]);
  const first = await tagsAsJson(processes[0]!, STRANGER, NAME);
  expect(await tagsAsJson(processes[0]!, owner, NAME)).toBe(first);
  await put('one', ID[1]);
  expect(await tagsAsJson(processes[0]!, STRANGER, NAME)).not.toBe(first);
});

it('a change that is not committed is not seen, and one that is rolled back leaves no trace', async () => {
  await put('one', ID[0]);
  await expectTags({ one: ID[0]! });
  const takenBack = inTransaction(database.db, async (tx) => {
    await query(tx, 'delete from tags');
    await expectTags({ one: ID[0]! });
    throw new Error('taken back');
  });
  await expect(takenBack).rejects.toThrow('taken back');
  await expectTags({ one: ID[0]! });
});

it('a cached list is not shown to users who may not read it', async () => {
  await put('one', ID[0]);
  await expectTags({ one: ID[0]! });
  await query(database.db, "update repositories set visibility = 'private'");
  for (const ctx of processes) {
    await expect(tagsAsJson(ctx, STRANGER, NAME)).rejects.toMatchObject({ code: 'not_found' });
    expect((await tagsAsJson(ctx, owner, NAME)).toString()).toBe(`{"one":"${ID[0]}"}`);
  }
  await deleteThroughIndex(processes[0]!, owner, NAME);
  await expect(tagsAsJson(processes[0]!, owner, NAME)).rejects.toMatchObject({ code: 'not_found' });
  await deleteThroughIndex(processes[0]!, owner, NAME);
  await expect(tagsAsJson(processes[0]!, owner, NAME)).rejects.toMatchObject({ code: 'not_found' });
  await addRepository();
  await expectTags({});
});

it('a list that is read during writes is never cached instead of the written one', async () => {
  const ids = (): string => ID[Math.floor(Math.random() * ID.length)]!;
  for (let round = 0; round < 20; round += 1) {
    const last = { one: ids(), two: ids() };
    await Promise.all([
      ...processes.flatMap((ctx) => [tagsAsJson(ctx, owner, NAME), tagsAsJson(ctx, owner, NAME)]),
      put('one', last.one, processes[0]),
      put('two', last.two, processes[1]),
      ...processes.map((ctx) => tagsAsJson(ctx, owner, NAME)),
    ]);
    await expectTags(last);
  }
});

it('a push of a tag waits for a deletion of the repository without holding a lock that the deletion needs', async () => {
  await put('one', ID[0]);
  let waiting: Promise<unknown> | undefined;
  await inTransaction(database.db, async (tx) => {
    await query(tx, `select id from repositories for update`);
    waiting = put('one', ID[1]).catch((error: unknown) => error);
    await untilOneWaits(database.db);
    // Less than the time after which Postgres ends a deadlock.
    await query(tx, `set local lock_timeout = '500ms'`);
    await query(tx, 'delete from repositories');
  });
  expect(await waiting).toMatchObject({ code: 'not_found' });
});
