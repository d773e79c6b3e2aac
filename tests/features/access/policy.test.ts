import type { AccessLevel, Principal, TokenAccess } from '../../../src/features/access/actor';
import {
  canAdminister,
  canCreate,
  canManage,
  canRead,
  canWrite,
  VISIBILITIES,
  type RepositoryFacts,
} from '../../../src/features/access/policy';
import { readPolicyTable, ROLES, type Role } from './policy-table';

const TABLE = readPolicyTable();

const asFacts = (role: Role, visibility: RepositoryFacts['visibility'] = 'private'): RepositoryFacts => ({
  role: role === 'none' ? undefined : role,
  visibility,
  isRemote: false,
  isAutomated: false,
});
const account = (options: { isAdmin?: boolean; token?: AccessLevel } = {}): Principal => ({
  userId: 1,
  username: 'alice',
  isAdmin: options.isAdmin ?? false,
  robotOf: undefined,
  accessToken: options.token === undefined ? undefined : { id: 1, access: options.token, isLimited: false },
});

it('reads every row of the table', () => {
  expect([...TABLE.keys()]).toEqual([
    'read, public',
    'read, unlisted (by name)',
    'read, private',
    'find in search, public',
    'find in search, unlisted',
    'find in search, private',
    'find in a listing, public',
    'find in a listing, others',
    'push, move tags',
    'delete, settings, visibility,',
  ]);
});

describe.each(ROLES)('with the role %s', (role) => {
  it.each(VISIBILITIES)('in a repository that is %s', (visibility) => {
    const row = visibility === 'unlisted' ? 'read, unlisted (by name)' : `read, ${visibility}`;
    const facts = asFacts(role, visibility);
    expect(canRead(account(), facts)).toBe(TABLE.get(row)?.[role]);
    expect(canWrite(account(), facts)).toBe(TABLE.get('push, move tags')?.[role]);
    expect(canAdminister(account(), facts)).toBe(TABLE.get('delete, settings, visibility,')?.[role]);
  });
});

it('an anonymous caller has no role', () => {
  for (const visibility of VISIBILITIES) {
    const facts = asFacts('admin', visibility);
    expect(canRead(undefined, facts)).toBe(visibility !== 'private');
    expect(canWrite(undefined, facts)).toBe(false);
    expect(canAdminister(undefined, facts)).toBe(false);
  }
});

it('an access token can lower a role, but not raise it', () => {
  const rights = (role: Role, token: AccessLevel): boolean[] =>
    [canRead, canWrite, canAdminister].map((may) => may(account({ token }), asFacts(role)));
  expect(rights('admin', 'read')).toEqual([true, false, false]);
  expect(rights('admin', 'write')).toEqual([true, true, false]);
  expect(rights('admin', 'admin')).toEqual([true, true, true]);
  expect(rights('write', 'admin')).toEqual([true, true, false]);
  expect(rights('read', 'admin')).toEqual([true, false, false]);
  expect(rights('none', 'admin')).toEqual([false, false, false]);
});

it('owners of a namespace create repositories in it and manage it, as far as their access token allows', () => {
  const rights = (principal: Principal, role: 'admin' | undefined): boolean[] =>
    [canCreate, canManage].map((may) => may(principal, { role }));
  expect(rights(account(), 'admin')).toEqual([true, true]);
  expect(rights(account(), undefined)).toEqual([false, false]);
  expect(rights(undefined, undefined)).toEqual([false, false]);
  expect(rights(account({ isAdmin: true }), undefined)).toEqual([true, true]);
  expect(rights(account({ token: 'read' }), 'admin')).toEqual([false, false]);
  expect(rights(account({ token: 'write' }), 'admin')).toEqual([true, false]);
  expect(rights(account({ token: 'admin' }), 'admin')).toEqual([true, true]);
});

it('a guest may do with a remote repository what their token allows, and is like an anonymous caller elsewhere', () => {
  const guest = (access: TokenAccess): Principal => ({
    userId: undefined,
    username: undefined,
    isAdmin: false,
    access,
  });
  const rights = (access: TokenAccess, facts: RepositoryFacts): boolean[] =>
    [canRead, canWrite, canAdminister].map((may) => may(guest(access), facts));
  const remote = { ...asFacts('none'), isRemote: true };
  expect(rights('read', remote)).toEqual([true, false, false]);
  expect(rights('write', remote)).toEqual([true, true, false]);
  expect(rights('delete', remote)).toEqual([true, false, true]);
  for (const access of ['read', 'write', 'delete'] as const) {
    expect(rights(access, asFacts('none', 'public'))).toEqual([true, false, false]);
    expect(rights(access, asFacts('none', 'private'))).toEqual([false, false, false]);
  }
});
