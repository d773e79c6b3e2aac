import type { Principal, TokenAccess } from '../../../src/features/accounts/actor';
import { canAdminister, canRead, canWrite, readableSql, writableSql } from '../../../src/features/repositories/policy';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

const account = (userId: number, isAdmin = false): Principal => ({ userId, username: `user${userId}`, isAdmin });
const OWNER = 1;
const CALLERS: Record<string, Principal> = {
  nobody: undefined,
  stranger: account(2),
  owner: account(OWNER),
  administrator: account(3, true),
};

const REPOSITORIES = {
  public: { ownerId: OWNER, isPrivate: false, isRemote: false },
  private: { ownerId: OWNER, isPrivate: true, isRemote: false },
  'library public': { ownerId: null, isPrivate: false, isRemote: false },
  'library private': { ownerId: null, isPrivate: true, isRemote: false },
  remote: { ownerId: null, isPrivate: true, isRemote: true },
};
type Kind = keyof typeof REPOSITORIES;

const EVERYBODY = ['nobody', 'stranger', 'owner', 'administrator'];
const MAY_READ: Record<Kind, string[]> = {
  public: EVERYBODY,
  private: ['owner', 'administrator'],
  'library public': EVERYBODY,
  'library private': ['administrator'],
  remote: ['administrator'],
};
const MAY_WRITE: Record<Kind, string[]> = {
  public: ['owner', 'administrator'],
  private: ['owner', 'administrator'],
  'library public': ['administrator'],
  'library private': ['administrator'],
  remote: ['administrator'],
};
const KINDS = Object.keys(REPOSITORIES) as Kind[];

function who(allowed: (principal: Principal) => boolean): string[] {
  return EVERYBODY.filter((name) => allowed(CALLERS[name]));
}

it.each(KINDS)('%s: who may read, write and administer', (kind) => {
  const repository = REPOSITORIES[kind];
  expect(who((principal) => canRead(principal, repository))).toEqual(MAY_READ[kind]);
  expect(who((principal) => canWrite(principal, repository))).toEqual(MAY_WRITE[kind]);
  expect(who((principal) => canAdminister(principal, repository))).toEqual(MAY_WRITE[kind]);
});

it('a guest may do with a remote repository what his token is for, and is anybody elsewhere', () => {
  const guest = (access: TokenAccess): Principal => ({
    userId: undefined,
    username: undefined,
    isAdmin: false,
    access,
  });
  const rights = (access: TokenAccess, kind: Kind): boolean[] =>
    [canRead, canWrite, canAdminister].map((may) => may(guest(access), REPOSITORIES[kind]));
  expect(rights('read', 'remote')).toEqual([true, false, false]);
  expect(rights('write', 'remote')).toEqual([true, true, false]);
  expect(rights('delete', 'remote')).toEqual([true, false, true]);
  for (const access of ['read', 'write', 'delete'] as const) {
    for (const kind of ['public', 'library public'] as const)
      expect(rights(access, kind)).toEqual([true, false, false]);
    for (const kind of ['private', 'library private'] as const) {
      expect(rights(access, kind)).toEqual([false, false, false]);
    }
  }
});

describe('the same rules as SQL', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  async function whoInSql(rule: (user: string, admin: string) => string, kind: Kind): Promise<string[]> {
    const { isPrivate, isRemote } = REPOSITORIES[kind];
    // A namespace of this name may have an owner here: a remote repository in it is none of his.
    const ownerId = isRemote ? OWNER : REPOSITORIES[kind].ownerId;
    const allowed: string[] = [];
    for (const name of EVERYBODY) {
      const principal = CALLERS[name];
      const values = [principal?.userId ?? 'null', String(principal?.isAdmin ?? false)] as const;
      const { rows } = await database.db.raw<{ rows: { allowed: boolean | null }[] }>(
        `select ${rule(String(values[0]), values[1])} as allowed
         from (select ${isPrivate} as is_private, ${isRemote} as is_remote) r, (select ${ownerId ?? 'null'}::bigint as owner_id) n`,
      );
      if (rows[0]?.allowed === true) allowed.push(name);
    }
    return allowed;
  }

  it.each(KINDS)('%s', async (kind) => {
    expect(await whoInSql(readableSql, kind)).toEqual(MAY_READ[kind]);
    expect(await whoInSql(writableSql, kind)).toEqual(MAY_WRITE[kind]);
  });
});
