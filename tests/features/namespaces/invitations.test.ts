import type { Context } from '../../../src/context';
import type { Actor } from '../../../src/features/access/actor';
import {
  acceptInvitation,
  declineInvitation,
  findInvitationBySecret,
  forgetInvitations,
  invite,
  listInvitations,
  listOwnInvitations,
  createInvitationSecret,
  withdrawInvitation,
} from '../../../src/features/namespaces/invitations';
import { createOrganization } from '../../../src/features/namespaces/organizations';
import { listMembers } from '../../../src/features/namespaces/team-members';
import { putTeam } from '../../../src/features/namespaces/teams';
import { addPerson } from '../../helpers/people';
import { createTestContext } from '../../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

const ALL = { limit: 100, offset: 0 };
const DEVELOPERS = { organization: 'acme', team: 'developers' };

let database: TestDatabase;
let ctx: Context;
let alice: Actor;
let robert: Actor;
let carol: Actor;
beforeEach(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.db);
  alice = await addPerson(ctx, 'alice');
  robert = await addPerson(ctx, 'robert');
  carol = await addPerson(ctx, 'carol');
  await createOrganization(ctx, alice, 'acme');
  await putTeam(ctx, alice, 'acme', { name: 'developers', description: '' });
});
afterEach(() => database.drop());

const own = async (actor: Actor) => (await listOwnInvitations(ctx, actor, ALL)).invitations;

async function members(): Promise<string[]> {
  const { members: found } = await listMembers(ctx, alice, DEVELOPERS, ALL);
  return found.map(({ username }) => username);
}

it('a user accepts their own invitation, once, and nobody else can (R13)', async () => {
  const { id } = await invite(ctx, alice, DEVELOPERS, { username: 'robert' });
  expect(await own(robert)).toMatchObject([
    { id, organization: 'acme', team: 'developers', username: 'robert', email: undefined, invitedBy: 'alice' },
  ]);
  expect(await own(carol)).toEqual([]);
  await expect(acceptInvitation(ctx, carol, { id })).rejects.toMatchObject({ code: 'not_found' });
  expect(await members()).toEqual([]);
  await acceptInvitation(ctx, robert, { id });
  expect(await members()).toEqual(['robert']);
  await expect(acceptInvitation(ctx, robert, { id })).rejects.toMatchObject({ code: 'not_found' });
});

it('an invitation of an address is for the account that has confirmed it (R13)', async () => {
  const { id } = await invite(ctx, alice, DEVELOPERS, { email: 'Robert@Example.com' });
  expect((await own(robert)).map((each) => each.id)).toEqual([id]);
  await database.db('emails').where({ email: 'robert@example.com' }).update({ verified_at: null });
  expect(await own(robert)).toEqual([]);
  await expect(acceptInvitation(ctx, robert, { id })).rejects.toMatchObject({ code: 'not_found' });
});

it('anyone who has the link of an invitation can accept it, and the link is kept as a hash (R13)', async () => {
  const { id } = await invite(ctx, alice, DEVELOPERS, { email: 'dave@example.com' });
  const secret = (await createInvitationSecret(ctx, id)) ?? '';
  expect(secret).toHaveLength(43);
  expect(JSON.stringify(await database.db('invitations').select())).not.toContain(secret);
  expect(await findInvitationBySecret(ctx, secret)).toMatchObject({ id, email: 'dave@example.com' });
  expect(await findInvitationBySecret(ctx, `${secret}x`)).toBeUndefined();
  await acceptInvitation(ctx, carol, { secret });
  expect(await members()).toEqual(['carol']);
  await expect(acceptInvitation(ctx, robert, { secret })).rejects.toMatchObject({ code: 'not_found' });
});

it('owners invite again, list and withdraw', async () => {
  const first = await invite(ctx, alice, DEVELOPERS, { username: 'robert' });
  const second = await invite(ctx, alice, DEVELOPERS, { username: 'robert' });
  expect((await listInvitations(ctx, alice, 'acme', ALL)).invitations.map(({ id }) => id)).toEqual([second.id]);
  await expect(acceptInvitation(ctx, robert, { id: first.id })).rejects.toMatchObject({ code: 'not_found' });
  await expect(listInvitations(ctx, robert, 'acme', ALL)).rejects.toMatchObject({ code: 'forbidden' });
  await expect(invite(ctx, robert, DEVELOPERS, { username: 'carol' })).rejects.toMatchObject({ code: 'forbidden' });
  await withdrawInvitation(ctx, alice, 'acme', second.id);
  await expect(withdrawInvitation(ctx, alice, 'acme', second.id)).rejects.toMatchObject({ code: 'not_found' });
  await expect(acceptInvitation(ctx, robert, { id: second.id })).rejects.toMatchObject({ code: 'not_found' });
});

it('an invitation ends when it is declined, and when it expires', async () => {
  const { id } = await invite(ctx, alice, DEVELOPERS, { username: 'robert' });
  await declineInvitation(ctx, robert, id);
  expect(await own(robert)).toEqual([]);
  const late = await invite(ctx, alice, DEVELOPERS, { username: 'robert' });
  await database.db('invitations').update({ expires_at: new Date(Date.now() - 1000) });
  await expect(acceptInvitation(ctx, robert, { id: late.id })).rejects.toMatchObject({ code: 'not_found' });
  expect(await createInvitationSecret(ctx, late.id)).toBeUndefined();
  await forgetInvitations(ctx);
  expect(await database.db('invitations').select()).toEqual([]);
});

it('refuses to invite robots and bad names', async () => {
  await expect(invite(ctx, alice, DEVELOPERS, { username: 'nobody' })).rejects.toMatchObject({ code: 'not_found' });
  await expect(invite(ctx, alice, DEVELOPERS, { email: 'no address' })).rejects.toMatchObject({ code: 'invalid' });
  await expect(invite(ctx, alice, { ...DEVELOPERS, team: 'none' }, { username: 'robert' })).rejects.toMatchObject({
    code: 'not_found',
  });
});
