import request from 'supertest';
import { OPERATOR_ACTOR } from '../../../../src/features/access/actor';
import { listBuilds } from '../../../../src/features/builds/builds';
import { createLinkedRepository } from '../../../../src/features/builds/linked/linked-source';
import { claimBuild, finishBuild, noteCommit } from '../../../../src/features/builds/running';
import { getReadable } from '../../../../src/features/repositories/get-repository';
import { readFullName } from '../../../../src/features/repositories/names';
import { jobsOf } from '../../../../src/jobs';
import { PROVIDER_KINDS } from '../../../../src/platform/providers/git-provider';
import { actorOf } from '../../../helpers/actors';
import { HOOK_HASH, PUSHES_OF_MASTER, signatureOf } from '../../../helpers/hook-bodies';
import { linkAlice, startLinkedPlace, type LinkedPlace } from '../../../helpers/linked-place';
import { runDueJobs } from '../../../helpers/run-jobs';

/*
 * The whole story with each provider: the account is linked, a repository is chosen, the provider has the hook and sends a
 * push that is signed with the secret it was given, the builder gets the private key of the deploy key, and the commit
 * learns how the build ended.
 */

const APP = readFullName('alice/app');
const HOOKS = { github: 'GitHub', bitbucket: 'Bitbucket Cloud', gitlab: 'GitLab', gitea: 'Gitea' } as const;

let place: LinkedPlace;
beforeAll(async () => (place = await startLinkedPlace()));
afterAll(() => place.close());

it.each(PROVIDER_KINDS)('a push to %s builds the image, and the commit learns it', async (kind) => {
  const { server, providers } = place;
  const { ctx } = server;
  const work = () => runDueJobs(server.database, jobsOf(ctx));
  const name = { ...APP, name: `app-${kind}` };
  const repository = { isPrivate: true, defaultBranch: 'master' };
  const shop = providers.of[kind].addRepository('alice-there/shop', repository);
  const account = { username: 'alice', id: await linkAlice(place, kind) };
  const alice = await actorOf(server, 'alice');
  await createLinkedRepository(ctx, alice, name, { source: { account, fullName: shop.fullName } });
  await work();

  const [hook] = shop.hooks;
  const push = PUSHES_OF_MASTER.find(({ title }) => title === HOOKS[kind]);
  if (hook === undefined || push === undefined) throw new Error('there is no hook');
  const body = JSON.stringify(push.body);
  const headers = { ...push.headers, ...signatureOf(push.signing, body, hook.secret) };
  await request(server.url)
    .post(new URL(hook.url).pathname)
    .set({ 'Content-Type': 'application/json', ...headers })
    .send(body)
    .expect(202, { status: 'accepted', builds: 1 });
  const { builds } = await listBuilds(ctx, await getReadable(ctx, OPERATOR_ACTOR, name), {}, { limit: 5, offset: 0 });
  expect(builds).toMatchObject([{ state: 'queued', cause: 'hook', commit: { hash: HOOK_HASH }, tag: 'latest' }]);
  await work();
  expect(shop.statuses.map(({ commit }) => commit)).toEqual([HOOK_HASH]);

  const holder = { buildId: builds[0]?.id ?? 0, builder: 'host:1' };
  const claimed = await claimBuild(ctx, holder);
  expect(claimed).toMatchObject({
    cloneUrl: 'ssh://git@git.test/alice-there/shop.git',
    credential: { kind: 'deploy_key', privateKey: expect.stringContaining('OPENSSH PRIVATE KEY') as string },
  });
  await noteCommit(ctx, holder, { hash: HOOK_HASH, message: 'Update', author: 'Alice' });
  await finishBuild(ctx, holder, { state: 'success', digest: `sha256:${'c'.repeat(64)}` });
  await work();
  expect(String(shop.statuses.at(-1)?.body['state']).toLowerCase()).toContain('success');
});
