import { randomBytes } from 'node:crypto';
import type { Context } from '../src/context';
import { createUser, findUser, identityWithoutPassword, listUsers } from '../src/features/accounts/users';
import { OPERATOR_ACTOR, type Identity, type RepositoryName } from '../src/features/access/actor';
import type { Visibility } from '../src/features/access/policy';
import { displayName } from '../src/features/repositories/names';
import { createRepository } from '../src/features/repositories/creation';
import { listAllRepositories } from '../src/features/repositories/listings';
import { AppError } from '../src/platform/errors';
import { BASE, HELLO_1, HELLO_2, PRIVATE, PUBLIC } from './images';
import { push, type DemoPush } from './push';

/*
 * Demo data for a first look:
 *
 *   hello          1.0, latest   of the library
 *   demo/hello     latest        builds upon the library's
 *   demo/private   latest        which demo and administrators see, and the account guest does not
 *
 * Only missing items are created.
 */

/** What was created or found. */
export interface DemoData {
  readonly accounts: readonly { username: string; password: string }[];
  readonly repositories: readonly string[];
}

const OWNER = 'demo';
const USERNAMES = [OWNER, 'guest'];

const PUSHES: readonly (DemoPush & { visibility: Visibility })[] = [
  {
    repository: { namespace: 'library', name: 'hello' },
    visibility: 'public',
    chain: [BASE, HELLO_1, HELLO_2],
    tags: { '1.0': HELLO_1, latest: HELLO_2 },
  },
  {
    repository: { namespace: OWNER, name: 'hello' },
    visibility: 'public',
    chain: [BASE, HELLO_1, HELLO_2, PUBLIC],
    tags: { latest: PUBLIC },
  },
  {
    repository: { namespace: OWNER, name: 'private' },
    visibility: 'private',
    chain: [BASE, PRIVATE],
    tags: { latest: PRIVATE },
  },
];

async function administrator(ctx: Context): Promise<Identity> {
  const found = (await listUsers(ctx, OPERATOR_ACTOR)).find((user) => user.isAdmin && user.isActive);
  if (found === undefined)
    throw new AppError('conflict', 'The library needs an active administrator, but there is none');
  return identityWithoutPassword(ctx, found.username);
}

async function createAccounts(ctx: Context): Promise<DemoData['accounts']> {
  const made: { username: string; password: string }[] = [];
  for (const username of USERNAMES) {
    if ((await findUser(ctx, username)) !== undefined) continue;
    // A random one, because the server may be reachable by untrusted clients.
    const account = { username, password: randomBytes(12).toString('base64url') };
    await createUser(ctx, OPERATOR_ACTOR, {
      ...account,
      email: undefined,
      isActive: true,
      isAdmin: false,
      isEmailVerified: true,
    });
    made.push(account);
  }
  return made;
}

async function exists(ctx: Context, { namespace, name }: RepositoryName): Promise<boolean> {
  return (await listAllRepositories(ctx, OPERATOR_ACTOR, namespace)).some((repository) => repository.name === name);
}

/** Creates the demo data, on behalf of an administrator. */
export async function seedDemo(ctx: Context): Promise<DemoData> {
  const identity = await administrator(ctx);
  const accounts = await createAccounts(ctx);
  for (const { visibility, ...wanted } of PUSHES) {
    if (!(await exists(ctx, wanted.repository))) {
      await createRepository(ctx, OPERATOR_ACTOR, wanted.repository, visibility);
    }
    await push(ctx, identity, wanted);
  }
  return { accounts, repositories: PUSHES.map(({ repository }) => displayName(repository)) };
}
