import type { Context } from '../../../src/context';
import { createAccountToken } from '../../../src/features/accounts/own-access-tokens';
import { OPERATOR_ACTOR, type Actor } from '../../../src/features/access/actor';
import { listOwnNamespaces } from '../../../src/features/namespaces/own-namespaces';
import { createOrganization } from '../../../src/features/namespaces/organizations';
import { addMember } from '../../../src/features/namespaces/team-members';
import { putTeam } from '../../../src/features/namespaces/teams';
import { addPerson } from '../../helpers/people';
import { createTestContext } from '../../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

let database: TestDatabase;
let ctx: Context;
let alice: Extract<Actor, { kind: 'user' }>;
beforeAll(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.db);
  alice = await addPerson(ctx, 'alice');
  const robert = await addPerson(ctx, 'robert');
  await createOrganization(ctx, alice, 'acme');
  await createOrganization(ctx, robert, 'abacus');
  await createOrganization(ctx, robert, 'strange');
  await putTeam(ctx, robert, 'abacus', { name: 'developers', description: '' });
  await addMember(ctx, OPERATOR_ACTOR, { organization: 'abacus', team: 'developers' }, 'alice');
});
afterAll(() => database.drop());

it('are the own one, and organizations with the role in them', async () => {
  expect(await listOwnNamespaces(ctx, alice)).toEqual([
    { name: 'alice', kind: 'user', role: 'owner', canCreate: true },
    { name: 'abacus', kind: 'organization', role: 'member', canCreate: false },
    { name: 'acme', kind: 'organization', role: 'owner', canCreate: true },
  ]);
});

it('include the library for site administrators', async () => {
  const root = await addPerson(ctx, 'root', { isAdmin: true });
  expect(await listOwnNamespaces(ctx, root)).toEqual([
    { name: 'root', kind: 'user', role: 'owner', canCreate: true },
    { name: 'library', kind: 'library', role: 'owner', canCreate: true },
  ]);
});

it('do not allow an access token that may only read to create', async () => {
  const made = await createAccountToken(ctx, OPERATOR_ACTOR, 'alice', { name: 'ci', access: 'read' });
  const actor = { ...alice, identity: { ...alice.identity, accessTokenId: made.token.id } };
  expect(await listOwnNamespaces(ctx, actor)).toMatchObject([
    { name: 'alice', canCreate: false },
    { name: 'abacus', canCreate: false },
    { name: 'acme', canCreate: false },
  ]);
});

it('are refused to an anonymous client', async () => {
  const anybody: Actor = { kind: 'anonymous', address: '::1' };
  await expect(listOwnNamespaces(ctx, anybody)).rejects.toMatchObject({ code: 'unauthenticated' });
});
