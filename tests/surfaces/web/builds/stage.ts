import type { AdministeredRepository } from '../../../../src/features/repositories/access';
import { getAdministered } from '../../../../src/features/repositories/get-repository';
import { claimBuild, finishBuild, noteCommit, type BuildEnd } from '../../../../src/features/builds/running';
import { addSource } from '../../../../src/features/builds/sources';
import { actorOf } from '../../../helpers/actors';
import { askApi } from '../../../helpers/api-client';
import { browseAs, Browsing } from '../../../helpers/browse';
import { queueOf } from '../../../helpers/builds';
import { addUser, startTestServer, type TestServer } from '../../../helpers/test-server';

/** A server where alice has an automated repository, and bobby has nothing to do with it. */
export interface BuildStage {
  readonly server: TestServer;
  readonly alice: Browsing;
  readonly bobby: Browsing;
  readonly anonymous: Browsing;
  close(): Promise<void>;
}

export const HASH = '0123456789abcdef0123456789abcdef01234567';

/** Starts it. */
export async function startBuildStage(): Promise<BuildStage> {
  const server = await startTestServer();
  for (const name of ['alice', 'bobby']) await addUser(server, name);
  const [alice, bobby] = [await browseAs(server, 'alice'), await browseAs(server, 'bobby')];
  return { server, alice, bobby, anonymous: new Browsing(server.server), close: () => server.close() };
}

/** Creates a repository of alice. @param cloneUrl - undefined: an ordinary one */
export async function addRepository(
  server: TestServer,
  name: string,
  options: { readonly cloneUrl?: string | undefined; readonly visibility?: 'public' | 'private' } = {},
): Promise<AdministeredRepository> {
  const { cloneUrl, visibility = 'public' } = options;
  await askApi(server, 'post', '/api/v1.1/repositories/', {
    as: 'alice',
    body: { namespace: 'alice', name, visibility },
  });
  const repository = await getAdministered(server.ctx, await actorOf(server, 'alice'), { namespace: 'alice', name });
  if (cloneUrl !== undefined) await addSource(server.ctx, repository, { provider: 'git', cloneUrl });
  return repository;
}

/** Queues a build, claims it and notes its commit; it ends as `ending` says. @returns its id */
export async function addBuild(
  { ctx }: TestServer,
  repository: AdministeredRepository,
  ending?: BuildEnd,
): Promise<number> {
  const { id: buildId } = await queueOf(ctx, repository);
  const holder = { buildId, builder: 'host:1' };
  await claimBuild(ctx, holder);
  const message = 'Say <hello>\n\nBecause nobody did.';
  await noteCommit(ctx, holder, { hash: HASH, message, author: 'Alice <alice@example.com>' });
  if (ending !== undefined) await finishBuild(ctx, holder, ending);
  return buildId;
}
