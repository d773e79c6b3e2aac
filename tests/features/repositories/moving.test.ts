import request from 'supertest';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { createAccountToken } from '../../../src/features/accounts/own-access-tokens';
import type { Actor } from '../../../src/features/access/actor';
import { createOrganization } from '../../../src/features/namespaces/organizations';
import { putTeam } from '../../../src/features/namespaces/teams';
import { createRepository } from '../../../src/features/repositories/creation';
import { createChain, pushImages, startPull, type TestImage } from '../../helpers/images';
import { actorOf } from '../../helpers/actors';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';
import {
  addCollaborator,
  listAliases,
  listCollaborators,
  listTeamAccess,
  moveRepository,
  removeAlias,
  setTeamAccess,
} from '../../helpers/by-name';

let server: TestServer;
let alice: Actor;
let robert: Actor;
let chain: TestImage[];
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'robert');
  alice = await actorOf(server, 'alice');
  robert = await actorOf(server, 'robert');
  chain = createChain(2);
  await pushImages(server, 'alice/app', chain);
});
afterEach(() => server.close());

const named = (name: string, namespace = 'alice') => ({ namespace, name });

/** Reads everything that an engine pulls by this name, from the list of images to the last layer. */
async function pull(name: string, authorization?: string): Promise<void> {
  const token = authorization ?? (await startPull(server, name));
  const get = (path: string) => request(server.server).get(path).set('Authorization', token);
  const top = chain[1]?.id ?? '';
  await get(`/v1/repositories/${name}/images`).expect(200);
  await get(`/v1/repositories/${name}/tags`).expect(200, { latest: top });
  await get(`/v1/repositories/${name}/tags/latest`).expect(200, `"${top}"`);
  await get(`/v1/repositories/${name}/json`).expect(200);
  await get(`/v1/repositories/${name}/layer/${top}/access`).expect(200, { access: true });
  await get(`/v1/images/${top}/ancestry`).expect(200, [top, chain[0]?.id]);
  for (const image of chain) {
    await get(`/v1/images/${image.id}/json`).expect(200);
    const { body } = (await get(`/v1/images/${image.id}/layer`).buffer(true).expect(200)) as { body: Buffer };
    expect(body.equals(image.layer)).toBe(true);
  }
}

describe('a repository that was renamed', () => {
  it('is pulled by its old name and its new one', async () => {
    const token = await startPull(server, 'alice/app');
    await moveRepository(server.ctx, alice, named('app'), named('web'));
    await pull('alice/app');
    await pull('alice/app', basic('robert'));
    await pull('alice/web');
    await pull('alice/app', token);
    expect(await listAliases(server.ctx, alice, named('web'))).toEqual([named('app')]);
  });

  it('is not pushed to, changed or deleted by its old name (R14)', async () => {
    await moveRepository(server.ctx, alice, named('app'), named('web'));
    const put = (path: string, body: object | string) =>
      request(server.server).put(`/v1/repositories/alice/app${path}`).set('Authorization', basic('alice')).send(body);
    const renamed = '"alice/app was renamed: push to its new name, or remove the former one"';
    await put('/', []).expect(403, renamed);
    await put('/images', []).expect(404);
    await put('/tags/latest', JSON.stringify(chain[0]?.id)).type('json').expect(404);
    await put('/properties', { access: 'private' }).expect(404);
    await request(server.server).delete('/v1/repositories/alice/app/').set('Authorization', basic('alice')).expect(404);
    await expect(createRepository(server.ctx, alice, named('app'), 'public')).rejects.toMatchObject({
      code: 'forbidden',
    });
    await pull('alice/web');
  });

  it('is as hidden by its old name as by its new one', async () => {
    await moveRepository(server.ctx, alice, named('app'), named('web'));
    await server.ctx.db('repositories').update({ visibility: 'private' });
    const get = request(server.server).get('/v1/repositories/alice/app/images');
    await get.set('Authorization', basic('robert')).expect(404, { error: 'images not found' });
    await pull('alice/app', basic('alice'));
  });

  it('loses its old name when that is removed', async () => {
    await moveRepository(server.ctx, alice, named('app'), named('web'));
    await createRepository(server.ctx, alice, named('other'), 'public');
    await expect(moveRepository(server.ctx, alice, named('other'), named('app'))).rejects.toMatchObject({
      code: 'conflict',
      message: 'alice/app is the former name of another repository',
    });
    const stranger = removeAlias(server.ctx, robert, named('web'), named('app'));
    await expect(stranger).rejects.toMatchObject({ code: 'forbidden' });
    await removeAlias(server.ctx, alice, named('web'), named('app'));
    await request(server.server).get('/v1/repositories/alice/app/images').expect(404);
    await moveRepository(server.ctx, alice, named('other'), named('app'));
  });

  it('can get its old name back', async () => {
    await moveRepository(server.ctx, alice, named('app'), named('web'));
    await moveRepository(server.ctx, alice, named('web'), named('app'));
    expect(await listAliases(server.ctx, alice, named('app'))).toEqual([named('web')]);
    await pull('alice/web');
    await pull('alice/app');
  });

  it('keeps the access tokens that are for it', async () => {
    const wanted = { name: 'ci', access: 'write', repositories: ['alice/app'] } as const;
    const { secret } = await createAccountToken(server.ctx, OPERATOR_ACTOR, 'alice', wanted);
    await moveRepository(server.ctx, alice, named('app'), named('web'));
    const put = request(server.server).put('/v1/repositories/alice/web/').set('Authorization', basic('alice', secret));
    await put.send([]).expect(200);
  });

  it('refuses names that are taken or impossible, and other users', async () => {
    await createRepository(server.ctx, alice, named('taken'), 'public');
    const move = (actor: Actor, to: string) => moveRepository(server.ctx, actor, named('app'), named(to));
    await expect(move(alice, 'taken')).rejects.toMatchObject({
      code: 'conflict',
      message: 'The name alice/taken is already taken',
    });
    await expect(move(alice, 'tags')).rejects.toMatchObject({ code: 'invalid' });
    await expect(move(robert, 'web')).rejects.toMatchObject({ code: 'forbidden' });
    await pull('alice/app');
  });
});

describe('a repository that was transferred', () => {
  const acme = (name: string) => named(name, 'acme');
  beforeEach(async () => {
    await createOrganization(server.ctx, alice, 'acme');
    await addCollaborator(server.ctx, alice, named('app'), 'robert');
  });

  it('loses its collaborators and teams, and is still pulled by its old name', async () => {
    await moveRepository(server.ctx, alice, named('app'), acme('app'));
    expect(await server.ctx.db('collaborators').select()).toEqual([]);
    await pull('alice/app');
    await pull('acme/app');
    await putTeam(server.ctx, alice, 'acme', { name: 'developers', description: '' });
    await setTeamAccess(server.ctx, alice, acme('app'), { team: 'developers', access: 'admin' });
    await moveRepository(server.ctx, alice, acme('app'), named('app'));
    expect(await server.ctx.db('team_repositories').select()).toEqual([]);
    expect(await listTeamAccess(server.ctx, alice, named('app'))).toEqual([]);
  });

  it('needs rights in both namespaces', async () => {
    const away = moveRepository(server.ctx, alice, named('app'), named('app', 'robert'));
    await expect(away).rejects.toMatchObject({
      code: 'forbidden',
      message: 'You cannot create repositories in robert',
    });
    const take = moveRepository(server.ctx, robert, named('app'), named('app', 'robert'));
    await expect(take).rejects.toMatchObject({ code: 'forbidden' });
    const nowhere = moveRepository(server.ctx, alice, named('app'), named('app', 'nowhere'));
    await expect(nowhere).rejects.toMatchObject({ code: 'not_found' });
    expect(await listCollaborators(server.ctx, alice, named('app'))).toMatchObject([{ username: 'robert' }]);
  });
});
