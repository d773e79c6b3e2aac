import type { Context } from '../../src/context';
import type { NewBuild } from '../../src/features/builds/builds.store';
import { queueBuild } from '../../src/features/builds/queue';
import type { AdministeredRepository } from '../../src/features/repositories/access';
import { inTransaction } from '../../src/platform/db/db';

/** Queues a build of the branch master as a hook does; the repository gets a source with one rule if it has none. */
export async function queueOf(
  ctx: Context,
  repository: AdministeredRepository,
  options: Partial<NewBuild> = {},
): Promise<{ id: number; isNew: boolean }> {
  const found = await ctx
    .db('build_rules')
    .join('build_sources', 'build_sources.id', 'source_id')
    .where({ repository_id: repository.id })
    .first('source_id', 'build_rules.id');
  const { source_id: sourceId, id: ruleId } = found ?? (await addSource(ctx, repository));
  return inTransaction(ctx.db, (tx) =>
    queueBuild(tx, {
      repositoryId: repository.id,
      sourceId,
      ruleId,
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

async function addSource(
  ctx: Context,
  { id, doer }: AdministeredRepository,
): Promise<{ source_id: number; id: number }> {
  const [source] = await ctx.db('build_sources').insert(
    {
      repository_id: id,
      provider: 'git',
      clone_url: 'https://git.test/app.git',
      hook_id: `hook ${id}`,
      sealed_hook_secret: Buffer.alloc(0),
      created_by: doer.userId,
    },
    ['id'],
  );
  const rule = {
    source_id: source.id,
    position: 0,
    ref_type: 'branch',
    ref_pattern: 'master',
    dockerfile_path: 'Dockerfile',
    context_path: '/',
    tag: 'latest',
  };
  return (await ctx.db('build_rules').insert(rule, ['source_id', 'id']))[0];
}
