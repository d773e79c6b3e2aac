import type { Context } from '../../../src/context';
import { OPERATOR_ACTOR, type Actor } from '../../../src/features/access/actor';
import { deleteUserAccount } from '../../../src/features/namespaces/account-deletion';
import {
  convertUser,
  createOrganization,
  deleteOrganization,
  listOrganizations,
} from '../../../src/features/namespaces/organizations';
import { putRobot } from '../../../src/features/namespaces/robots';
import { addMember, listMembers, removeMember } from '../../../src/features/namespaces/team-members';
import { deleteTeam, listTeams, putTeam, showTeam } from '../../../src/features/namespaces/teams';
import { addPerson } from '../../helpers/people';
import { createTestContext } from '../../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

let database: TestDatabase;
let ctx: Context;
let alice: Actor;
let robert: Actor;
let carol: Actor;
let root: Actor;
beforeEach(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.db);
  alice = await addPerson(ctx, 'alice');
  robert = await addPerson(ctx, 'robert');
  carol = await addPerson(ctx, 'carol');
  root = await addPerson(ctx, 'root', { isAdmin: true });
  await createOrganization(ctx, alice, 'acme');
});
afterEach(() => database.drop());

const ALL = { limit: 100, offset: 0 };
const OWNERS = { organization: 'acme', team: 'owners' };
const DEVELOPERS = { organization: 'acme', team: 'developers' };

const own = async (actor: Actor) => (await listOrganizations(ctx, actor, { ...ALL, isForAll: false })).organizations;

async function membersOf(team: string): Promise<string[]> {
  const { members } = await listMembers(ctx, alice, { organization: 'acme', team }, ALL);
  return members.map(({ username }) => username);
}

describe('organizations', () => {
  it('begin with their creator as the owner', async () => {
    expect(await own(alice)).toMatchObject([{ name: 'acme', plan: 'free', teamCount: 1, memberCount: 1 }]);
    expect(await own(robert)).toEqual([]);
    expect(await membersOf('owners')).toEqual(['alice']);
  });

  it('share their names with users', async () => {
    const taken = { code: 'conflict', message: 'The name robert is already taken' };
    await expect(createOrganization(ctx, alice, 'robert')).rejects.toMatchObject(taken);
    await expect(createOrganization(ctx, alice, 'library')).rejects.toMatchObject({ code: 'conflict' });
    await expect(createOrganization(ctx, alice, 'Ac me')).rejects.toMatchObject({ code: 'invalid' });
    await expect(addPerson(ctx, 'acme')).rejects.toMatchObject({ code: 'conflict' });
  });

  it('show their members only to members and to site administrators', async () => {
    await expect(listTeams(ctx, robert, 'acme', ALL)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(listTeams(ctx, { kind: 'anonymous', address: '::1' }, 'acme', ALL)).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    expect(await listTeams(ctx, root, 'acme', ALL)).toMatchObject({
      total: 1,
      teams: [{ name: 'owners', isOwners: true }],
    });
    await expect(listTeams(ctx, alice, 'alice', ALL)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('are deleted only if they are empty, and only by an owner', async () => {
    await database.db('repositories').insert({ namespace: 'acme', name: 'app' });
    await expect(deleteOrganization(ctx, robert, 'acme')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(deleteOrganization(ctx, alice, 'acme')).rejects.toMatchObject({
      code: 'conflict',
      message: 'acme still has repositories: delete or transfer them first',
    });
    await database.db('repositories').delete();
    await deleteOrganization(ctx, alice, 'acme');
    expect(await database.db('namespaces').where({ name: 'acme' })).toEqual([]);
  });

  it('can be created from users: the repositories stay, and the account is deleted', async () => {
    await database.db('repositories').insert({ namespace: 'robert', name: 'app' });
    await convertUser(ctx, OPERATOR_ACTOR, 'robert', 'carol');
    await expect(listTeams(ctx, robert, 'robert', ALL)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(await own(carol)).toMatchObject([{ name: 'robert', memberCount: 1 }]);
    expect(await database.db('repositories').pluck('namespace')).toEqual(['robert']);
    await expect(convertUser(ctx, OPERATOR_ACTOR, 'alice', 'carol')).rejects.toMatchObject({
      code: 'conflict',
      message: 'alice is the only active owner of acme. Give it another owner first',
    });
    await expect(convertUser(ctx, OPERATOR_ACTOR, 'carol', 'carol')).rejects.toMatchObject({ code: 'invalid' });
    await expect(convertUser(ctx, OPERATOR_ACTOR, 'root', 'carol')).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('teams', () => {
  it('can be put twice, and keep their members when the description changes', async () => {
    expect(await putTeam(ctx, alice, 'acme', { name: 'developers', description: 'first' })).toBe(true);
    await addMember(ctx, root, DEVELOPERS, 'robert');
    expect(await putTeam(ctx, alice, 'acme', { name: 'developers', description: 'second' })).toBe(false);
    const team = await showTeam(ctx, robert, DEVELOPERS);
    expect(team).toMatchObject({ name: 'developers', description: 'second', memberCount: 1, isOwners: false });
  });

  it('are created and deleted by owners; the owners team stays', async () => {
    await addMember(ctx, root, OWNERS, 'carol');
    await putTeam(ctx, carol, 'acme', { name: 'developers', description: '' });
    await addMember(ctx, root, DEVELOPERS, 'robert');
    await expect(putTeam(ctx, robert, 'acme', { name: 'mine', description: '' })).rejects.toMatchObject({
      code: 'forbidden',
    });
    await expect(deleteTeam(ctx, robert, 'acme', 'developers')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(deleteTeam(ctx, alice, 'acme', 'owners')).rejects.toMatchObject({ code: 'conflict' });
    await expect(putTeam(ctx, alice, 'acme', { name: 'No', description: '' })).rejects.toMatchObject({
      code: 'invalid',
    });
    await deleteTeam(ctx, alice, 'acme', 'developers');
    await expect(showTeam(ctx, alice, DEVELOPERS)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('accept users by invitation only, unless a site administrator adds them', async () => {
    await putTeam(ctx, alice, 'acme', { name: 'developers', description: '' });
    await expect(addMember(ctx, alice, DEVELOPERS, 'robert')).rejects.toMatchObject({
      code: 'forbidden',
      message: 'robert is not a robot: send an invitation instead',
    });
    expect(await addMember(ctx, root, DEVELOPERS, 'robert')).toBe(true);
    expect(await addMember(ctx, root, DEVELOPERS, 'robert')).toBe(false);
  });

  it('accept robots of the organization, but not among the owners', async () => {
    await putTeam(ctx, alice, 'acme', { name: 'developers', description: '' });
    await putRobot(ctx, alice, { organization: 'acme', name: 'ci' });
    await createOrganization(ctx, carol, 'other');
    await putRobot(ctx, carol, { organization: 'other', name: 'ci' });
    expect(await addMember(ctx, alice, DEVELOPERS, 'acme+ci')).toBe(true);
    await expect(addMember(ctx, alice, OWNERS, 'acme+ci')).rejects.toMatchObject({ code: 'conflict' });
    await expect(addMember(ctx, alice, DEVELOPERS, 'other+ci')).rejects.toMatchObject({ code: 'conflict' });
    expect(await membersOf('developers')).toEqual(['acme+ci']);
  });

  it('can be left by anyone except the last owner', async () => {
    await putTeam(ctx, alice, 'acme', { name: 'developers', description: '' });
    await addMember(ctx, root, DEVELOPERS, 'robert');
    await addMember(ctx, root, DEVELOPERS, 'carol');
    await expect(removeMember(ctx, robert, DEVELOPERS, 'carol')).rejects.toMatchObject({ code: 'forbidden' });
    await removeMember(ctx, robert, DEVELOPERS, 'robert');
    await removeMember(ctx, alice, DEVELOPERS, 'carol');
    expect(await membersOf('developers')).toEqual([]);
    const last = { code: 'conflict', message: 'The last owner cannot leave: add another active owner first' };
    await expect(removeMember(ctx, alice, OWNERS, 'alice')).rejects.toMatchObject(last);
    await expect(deleteUserAccount(ctx, OPERATOR_ACTOR, 'alice')).rejects.toMatchObject({
      message: 'alice is the only active owner of acme. Give it another owner first',
    });
  });

  it('keep one owner when two leave at once (R12)', async () => {
    await addMember(ctx, OPERATOR_ACTOR, OWNERS, 'robert');
    const results = await Promise.allSettled([
      removeMember(ctx, alice, OWNERS, 'alice'),
      removeMember(ctx, robert, OWNERS, 'robert'),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await database.db('team_members').select()).toHaveLength(1);
  });
});
