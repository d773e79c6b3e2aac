import type { Db } from '../../platform/db/db';
import { enqueue, type EnqueueOptions } from '../../platform/jobs/queue';
import * as store from './builds.store';
import { noteState } from './linked/statuses-queue';

/** The job that builds, with `{ buildId }`. Only `drydock builder` runs it. */
export const BUILD_JOB = 'build';

/** How the job of a build is queued: a repository has one build at a time. */
export function jobOptions(buildId: number, repositoryId: number): EnqueueOptions & { key: string; queueName: string } {
  return { key: `${BUILD_JOB}:${buildId}`, queueName: `${BUILD_JOB}:${repositoryId}` };
}

/**
 * Queues a build. If one waits for the same rule and ref, that one builds the newest commit, and none is added.
 *
 * @param tx - the transaction of the cause
 * @returns the id of the build that waits
 */
export async function queueBuild(tx: Db, build: store.NewBuild): Promise<{ id: number; isNew: boolean }> {
  const { id, is_new: isNew } = await store.upsertQueued(tx, build);
  if (isNew) await enqueue(tx, BUILD_JOB, { buildId: id }, jobOptions(id, build.repositoryId));
  await noteState(tx, id);
  return { id, isNew };
}
