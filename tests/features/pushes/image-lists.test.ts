import type { Context } from '../../../src/context';
import fc from 'fast-check';
import { OPERATOR_ACTOR, type Actor } from '../../../src/features/access/actor';
import { createUser, getUser } from '../../../src/features/accounts/users';
import { imagesAsJson, mergeImageLists, startPush, type ListedImage } from '../../../src/features/pushes/image-lists';
import { createTestContext } from '../../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';
import { finishPush } from '../../helpers/by-name';

const IDS = Array.from({ length: 8 }, (_, index) => ((index * 5 + 3) % 16).toString(16).repeat(64));
const anyImage: fc.Arbitrary<ListedImage> = fc.record({
  id: fc.constantFrom(...IDS),
  checksum: fc.option(fc.constantFrom('sha256:1', 'sha256:2', 'tarsum+sha256:3'), { nil: undefined }),
});
const anyList = fc.array(anyImage, { maxLength: 12 });

const idsOf = (images: readonly ListedImage[]): string[] => images.map(({ id }) => id);

describe('mergeImageLists', () => {
  it('has each id once, in the order of first appearance', () => {
    fc.assert(
      fc.property(anyList, anyList, (known, added) => {
        expect(idsOf(mergeImageLists(known, added))).toEqual([...new Set(idsOf([...known, ...added]))]);
      }),
    );
  });

  it('is idempotent: the same list again changes nothing, nor does an empty one', () => {
    fc.assert(
      fc.property(anyList, anyList, (known, added) => {
        const merged = mergeImageLists(known, added);
        expect(mergeImageLists(merged, added)).toEqual(merged);
        expect(mergeImageLists(merged, merged)).toEqual(merged);
        expect(mergeImageLists(merged, [])).toEqual(merged);
      }),
    );
  });

  it('the last checksum counts, and a missing one never replaces it', () => {
    fc.assert(
      fc.property(anyList, anyList, (known, added) => {
        for (const { id, checksum } of mergeImageLists(known, added)) {
          const given = [...known, ...added].filter((image) => image.id === id && image.checksum !== undefined);
          expect(checksum).toBe(given.at(-1)?.checksum);
        }
      }),
    );
  });

  it('does not depend on how pushes are grouped', () => {
    fc.assert(
      fc.property(anyList, anyList, anyList, (first, second, third) => {
        expect(mergeImageLists(mergeImageLists(first, second), third)).toEqual(
          mergeImageLists(first, mergeImageLists(second, third)),
        );
      }),
    );
  });
});

describe('pushes to a repository', () => {
  let database: TestDatabase;
  let ctx: Context;
  let actor: Actor;
  beforeAll(async () => {
    database = await createTestDatabase();
    ctx = createTestContext(database.db);
    const user = { username: 'alice', password: 'secret', email: undefined };
    await createUser(ctx, OPERATOR_ACTOR, { ...user, isActive: true, isAdmin: false, isEmailVerified: true });
    const { id } = await getUser(ctx, 'alice');
    actor = { kind: 'user', proof: 'password', address: '::1', identity: { userId: id, credentialsEpoch: 0 } };
  });
  afterAll(() => database.drop());

  const repository = { namespace: 'alice', name: 'app' };
  const listed = async (): Promise<ListedImage[]> =>
    JSON.parse((await imagesAsJson(ctx, actor, repository)).json) as ListedImage[];
  const start = (images: ListedImage[]) => startPush(ctx, actor, repository, () => Promise.resolve(images));
  const finish = (images: ListedImage[]) => finishPush(ctx, actor, repository, images);

  it('leave the result of mergeImageLists, whether they start or finish', async () => {
    const anyPush = fc.record({ isStart: fc.boolean(), images: anyList });
    await fc.assert(
      fc.asyncProperty(anyList, fc.array(anyPush, { maxLength: 4 }), async (first, pushes) => {
        await database.db('repositories').delete();
        await start(first);
        for (const { isStart, images } of pushes) await (isStart ? start(images) : finish(images));
        const expected = pushes.reduce(
          (known, { images }) => mergeImageLists(known, images),
          mergeImageLists([], first),
        );
        expect(await listed()).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('of overlapping lists at once never block each other', async () => {
    await database.db('repositories').delete();
    await start([]);
    const images = IDS.map((id) => ({ id, checksum: undefined }));
    const rounds = Array.from({ length: 10 }, () => [start(images), start([...images].reverse()), finish(images)]);
    await Promise.all(rounds.flat());
    expect(idsOf(await listed()).sort()).toEqual([...IDS].sort());
  });

  it('that lose the race against a deletion are refused, and create nothing', async () => {
    await database.db('repositories').delete();
    await start([]);
    const reading = async (): Promise<ListedImage[]> => {
      await database.db('repositories').update({ state: 'deleting', deleting_since: new Date() });
      return [{ id: IDS[0]!, checksum: undefined }];
    };
    await expect(startPush(ctx, actor, repository, reading)).rejects.toMatchObject({
      code: 'forbidden',
      message: 'Repository is being deleted',
    });
    const gone = async (): Promise<ListedImage[]> => {
      await database.db('repositories').delete();
      return [{ id: IDS[0]!, checksum: undefined }];
    };
    await start([]).catch(() => undefined);
    await database.db('repositories').update({ state: 'active', deleting_since: null });
    await expect(startPush(ctx, actor, repository, gone)).rejects.toMatchObject({ code: 'forbidden' });
    expect(await database.db('repository_images')).toEqual([]);
  });
});
