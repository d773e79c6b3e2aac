import type { Context } from '../../../src/context';
import type { Actor } from '../../../src/features/access/actor';
import type {
  AdministeredRepository,
  DeletableRepository,
  ParticipantRepository,
  ReadableRepository,
  VisibleRepository,
  WritableRepository,
} from '../../../src/features/repositories/access';
import { getReadable } from '../../../src/features/repositories/get-repository';
import { findRepositoryAccess } from '../../../src/features/repositories/repository-access';
import { setVisibility } from '../../../src/features/repositories/visibility';
import { listTagPage } from '../../../src/features/tags/tag-pages';
import { putTag } from '../../../src/features/tags/tags';

/* Code that must not compile: `tsc` fails if an expected error is missing. None of this runs. */

const APP = { namespace: 'alice', name: 'app' };
const ALL = { limit: 1, offset: 0, sort: 'name' } as const;
const TAG = { name: 'latest', imageId: '', engine: {} };

/** The mistakes that an endpoint could make. */
async function leak(ctx: Context, actor: Actor): Promise<void> {
  // @ts-expect-error -- by name: nothing has checked the actor
  await listTagPage(ctx, APP, ALL);
  const { repository } = await findRepositoryAccess(ctx, actor, APP);
  // @ts-expect-error -- the repository, before any check
  if (repository !== undefined) await listTagPage(ctx, repository, ALL);
  const row = {
    ...APP,
    id: 1,
    state: 'active',
    visibility: 'public',
    isRemote: false,
    isAutomated: false,
    role: undefined,
  } as const;
  // @ts-expect-error -- a row of the database
  await listTagPage(ctx, row, ALL);

  const readable = await getReadable(ctx, actor, APP);
  await listTagPage(ctx, readable, ALL);
  // @ts-expect-error -- a right to read is not enough to push
  await putTag(ctx, readable, TAG);
  // @ts-expect-error -- nor to change settings
  await setVisibility(ctx, readable, 'public');
}

type Includes<R, S> = R extends S ? true : false;

/** Which permission includes which. */
const INCLUDES: [
  Includes<AdministeredRepository, WritableRepository>,
  Includes<AdministeredRepository, DeletableRepository>,
  Includes<WritableRepository, ReadableRepository>,
  Includes<ParticipantRepository, ReadableRepository>,
  Includes<ReadableRepository, VisibleRepository>,
  Includes<DeletableRepository, VisibleRepository>,
] = [true, true, true, true, true, true];
const DOES_NOT_INCLUDE: [
  Includes<VisibleRepository, ReadableRepository>,
  Includes<ReadableRepository, WritableRepository>,
  Includes<ReadableRepository, ParticipantRepository>,
  Includes<WritableRepository, AdministeredRepository>,
  Includes<DeletableRepository, ReadableRepository>,
  Includes<DeletableRepository, AdministeredRepository>,
] = [false, false, false, false, false, false];

it('compiles only with a repository that was authorised for the action', () => {
  expect(leak).toBeInstanceOf(Function);
  expect([...INCLUDES, ...DOES_NOT_INCLUDE]).toHaveLength(12);
});
