import type { Principal } from '../../../src/features/accounts/actor';
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
  public: { ownerId: OWNER, isPrivate: false },
  private: { ownerId: OWNER, isPrivate: true },
  'library public': { ownerId: null, isPrivate: false },
  'library private': { ownerId: null, isPrivate: true },
};
type Kind = keyof typeof REPOSITORIES;

const EVERYBODY = ['nobody', 'stranger', 'owner', 'administrator'];
const MAY_READ: Record<Kind, string[]> = {
  public: EVERYBODY,
  private: ['owner', 'administrator'],
  'library public': EVERYBODY,
  'library private': ['administrator'],
};
const MAY_WRITE: Record<Kind, string[]> = {
  public: ['owner', 'administrator'],
  private: ['owner', 'administrator'],
  'library public': ['administrator'],
  'library private': ['administrator'],
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

describe('the same rules as SQL', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  async function whoInSql(rule: (user: string, admin: string) => string, kind: Kind): Promise<string[]> {
    const { ownerId, isPrivate } = REPOSITORIES[kind];
    const allowed: string[] = [];
    for (const name of EVERYBODY) {
      const principal = CALLERS[name];
      const values = [principal?.userId ?? 'null', String(principal?.isAdmin ?? false)] as const;
      const { rows } = await database.db.raw<{ rows: { allowed: boolean | null }[] }>(
        `select ${rule(String(values[0]), values[1])} as allowed
         from (select ${isPrivate} as is_private) r, (select ${ownerId ?? 'null'}::bigint as owner_id) n`,
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
