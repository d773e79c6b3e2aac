import request from 'supertest';
import { OPERATOR_ACTOR, type Actor } from '../../../src/features/access/actor';
import { createUser } from '../../../src/features/accounts/users';
import { listEvents } from '../../../src/features/audit/audit';
import { deleteUserAccount } from '../../../src/features/namespaces/account-deletion';
import { createOrganization, deleteOrganization } from '../../../src/features/namespaces/organizations';
import { createRepository } from '../../../src/features/repositories/creation';
import { deleteUserWithRepositories } from '../../../src/features/repositories/owner-deletion';
import { freeRetiredName, listRetiredNames } from '../../../src/features/repositories/retired-names';
import { actorOf } from '../../helpers/actors';
import { createChain, pushImages, startPull, type TestImage } from '../../helpers/images';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';
import { deleteAtOnce, moveRepository } from '../../helpers/by-name';

/*
 * Sarah's repository is transferred to an organization and still pulled by its old name; then sarah is deleted. A user
 * who could take the name would run their image on every old host.
 */

let server: TestServer;
let sarah: Actor;
let tom: Actor;
let chain: TestImage[];
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'sarah');
  await addUser(server, 'tommy');
  sarah = await actorOf(server, 'sarah');
  tom = await actorOf(server, 'tommy');
  chain = createChain(1);
});
afterEach(() => server.close());

const named = (namespace: string, name = 'app') => ({ namespace, name });
const names = async (): Promise<string[]> =>
  (await listRetiredNames(server.ctx, OPERATOR_ACTOR)).names.map(({ name }) => name);

async function transfer(): Promise<void> {
  await createOrganization(server.ctx, sarah, 'tomorga');
  await pushImages(server, 'sarah/app', chain, { user: 'sarah' });
  await moveRepository(server.ctx, sarah, named('sarah'), named('tomorga'));
  await server.ctx.db.raw(`update team_members set user_id = (select id from users where username = 'tommy')`);
}

async function pulledTag(): Promise<string> {
  const token = await startPull(server, 'sarah/app');
  const answer = await request(server.server).get('/v1/repositories/sarah/app/tags/latest').set('Authorization', token);
  return `${answer.status} ${answer.text}`;
}

const RETIRED =
  'The name sarah belonged to a deleted account, and hosts may still pull by it. ' +
  'Choose another name, or ask an administrator to release this one';

/** The same for a repository that is gone, and one that sarah may not read. */
const RESERVED =
  'sarah/app is the former name of another repository, and hosts may still pull by it. ' +
  'Choose another name, or ask an administrator to release this one';

describe('the name of a namespace that was pushed to', () => {
  it('stays taken when the account is deleted, and old hosts still pull by it (R14)', async () => {
    await transfer();
    await deleteUserAccount(server.ctx, OPERATOR_ACTOR, 'sarah');
    expect(await pulledTag()).toBe(`200 "${chain[0]?.id}"`);
    const registration = { username: 'sarah', password: 'stranger', email: 'stranger@example.com' };
    const answer = await request(server.server).post('/v1/users/').send(registration);
    expect([answer.status, answer.body]).toEqual([400, RETIRED]);
    const refused = { code: 'conflict', message: RETIRED };
    await expect(createOrganization(server.ctx, tom, 'sarah')).rejects.toMatchObject(refused);
    const user = { username: 'sarah', password: 'stranger', email: undefined };
    const states = { isActive: true, isAdmin: false, isEmailVerified: true };
    await expect(createUser(server.ctx, OPERATOR_ACTOR, { ...user, ...states })).rejects.toMatchObject(refused);
    expect(await names()).toEqual(['sarah']);
  });

  it('stays taken when its repositories are deleted with it, or were deleted before', async () => {
    await pushImages(server, 'sarah/app', chain, { user: 'sarah' });
    await deleteUserWithRepositories(server.ctx, OPERATOR_ACTOR, 'sarah');
    await createOrganization(server.ctx, tom, 'acme');
    await pushImages(server, 'acme/app', createChain(1), { user: 'tommy' });
    await deleteAtOnce(server.ctx, tom, named('acme'));
    await deleteOrganization(server.ctx, tom, 'acme');
    expect(await names()).toEqual(['acme', 'sarah']);
    await expect(createOrganization(server.ctx, tom, 'acme')).rejects.toMatchObject({ code: 'conflict' });
  });

  it('cannot be taken by a statement that does not check it', async () => {
    await transfer();
    await deleteUserAccount(server.ctx, OPERATOR_ACTOR, 'sarah');
    const insert = server.ctx.db('namespaces').insert({ name: 'sarah', kind: 'organization' });
    await expect(insert).rejects.toMatchObject({ code: '23505', constraint: 'retired_names' });
  });

  it('is free again when nothing was ever pushed', async () => {
    await createRepository(server.ctx, sarah, named('sarah'), 'public');
    await deleteUserWithRepositories(server.ctx, OPERATOR_ACTOR, 'sarah');
    expect(await names()).toEqual([]);
    await createOrganization(server.ctx, tom, 'sarah');
  });

  it('is free again when an administrator frees it, while its former names still lead to their repositories', async () => {
    await transfer();
    await deleteUserAccount(server.ctx, OPERATOR_ACTOR, 'sarah');
    await freeRetiredName(server.ctx, OPERATOR_ACTOR, 'sarah');
    const [event] = await listEvents(server.ctx, { action: 'name.freed', limit: 1 });
    expect(event).toMatchObject({ subject: 'sarah', actor: 'operator' });
    await addUser(server, 'sarah');
    const put = request(server.server).put('/v1/repositories/sarah/app/').set('Authorization', basic('sarah')).send([]);
    await put.expect(403, '"sarah/app was renamed: push to its new name, or remove the former one"');
    expect(await pulledTag()).toBe(`200 "${chain[0]?.id}"`);
    await server.ctx.db('repositories').update({ visibility: 'private' });
    const again = () =>
      request(server.server).put('/v1/repositories/sarah/app/').set('Authorization', basic('sarah')).send([]);
    await again().expect(403, JSON.stringify(RESERVED));
    await deleteAtOnce(server.ctx, tom, named('tomorga'));
    await again().expect(403, JSON.stringify(RESERVED));
    await expect(freeRetiredName(server.ctx, OPERATOR_ACTOR, 'sarah')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a former name of a repository', () => {
  it('stays taken when the repository is deleted in another namespace (R14)', async () => {
    await transfer();
    await deleteAtOnce(server.ctx, tom, named('tomorga'));
    expect(await names()).toEqual(['sarah/app']);
    const put = request(server.server).put('/v1/repositories/sarah/app/').set('Authorization', basic('sarah')).send([]);
    await put.expect(403, JSON.stringify(RESERVED));
    const create = createRepository(server.ctx, sarah, named('sarah'), 'public');
    await expect(create).rejects.toMatchObject({ code: 'forbidden', message: RESERVED });
    await createRepository(server.ctx, sarah, named('sarah', 'web'), 'public');
    const move = moveRepository(server.ctx, sarah, named('sarah', 'web'), named('sarah'));
    await expect(move).rejects.toMatchObject({ code: 'conflict', message: RESERVED });
    await freeRetiredName(server.ctx, OPERATOR_ACTOR, 'sarah/app');
    await createRepository(server.ctx, sarah, named('sarah'), 'public');
  });

  it('belongs to the owner again when the repository is deleted in the same namespace', async () => {
    await pushImages(server, 'sarah/app', chain, { user: 'sarah' });
    await moveRepository(server.ctx, sarah, named('sarah'), named('sarah', 'web'));
    await deleteAtOnce(server.ctx, sarah, named('sarah', 'web'));
    await createRepository(server.ctx, sarah, named('sarah'), 'public');
    await createRepository(server.ctx, sarah, named('sarah', 'web'), 'public');
  });

  it('cannot be taken by a creation that began before the repository was moved', async () => {
    await createOrganization(server.ctx, sarah, 'tomorga');
    await createRepository(server.ctx, sarah, named('sarah'), 'public');
    for (let round = 0; round < 20; round += 1) {
      const [from, to] = round % 2 === 0 ? (['sarah', 'tomorga'] as const) : (['tomorga', 'sarah'] as const);
      const results = await Promise.allSettled([
        moveRepository(server.ctx, sarah, named(from), named(to)),
        createRepository(server.ctx, sarah, named(from), 'public'),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    }
  });
});
