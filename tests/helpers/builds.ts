import type { Context } from '../../src/context';
import type { NewBuild } from '../../src/features/builds/builds.store';
import { ensureTokenKey } from '../../src/features/accounts/token-key';
import { queueBuild } from '../../src/features/builds/queue';
import { listRules } from '../../src/features/builds/rules';
import { addSource } from '../../src/features/builds/sources';
import type { AdministeredRepository } from '../../src/features/repositories/access';
import { inTransaction } from '../../src/platform/db/db';
import { migrateQueue } from '../../src/platform/jobs/queue';
import { createTestContext } from './test-context';
import { createTestDatabase } from './test-database';

/** Queues a build of the branch master as a hook does; the repository gets a source with one rule if it has none. */
export async function queueOf(
  ctx: Context,
  repository: AdministeredRepository,
  options: Partial<NewBuild> = {},
): Promise<{ id: number; isNew: boolean }> {
  const hasRules = (await listRules(ctx, repository)).length > 0;
  if (!hasRules) await addSource(ctx, repository, { provider: 'git', cloneUrl: 'https://git.test/app.git' });
  const [rule] = await listRules(ctx, repository);
  const source = await ctx.db<{ id: number; repository_id: number }>('build_sources').first('id').where({
    repository_id: repository.id,
  });
  if (rule === undefined || source === undefined) throw new Error('the source has no rule');
  return inTransaction(ctx.db, (tx) =>
    queueBuild(tx, {
      repositoryId: repository.id,
      sourceId: source.id,
      ruleId: rule.id,
      cause: 'hook',
      requestedBy: undefined,
      requestedName: undefined,
      isRequired: false,
      refType: 'branch',
      refName: 'master',
      commit: undefined,
      dockerfilePath: 'Dockerfile',
      contextPath: '/',
      tag: 'latest',
      ...options,
    }),
  );
}

/** A context with a database of its own in which builds can be queued. */
export async function startBuildPlace(): Promise<{ readonly ctx: Context; close(): Promise<void> }> {
  const database = await createTestDatabase();
  await migrateQueue(database.db);
  const ctx = createTestContext(database.db);
  ctx.tokenKey.set(await ensureTokenKey(ctx));
  return { ctx, close: () => database.drop() };
}
