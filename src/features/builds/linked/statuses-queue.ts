import type { Db } from '../../../platform/db/db';
import { enqueue } from '../../../platform/jobs/queue';
import * as store from './statuses.store';

/** The job that reports the state of a build to its provider, with `{ buildId }`. */
export const REPORT_JOB = 'report_build_status';

/** About ten hours; then the next change of state begins again. */
const ATTEMPTS = 14;

/** Has the state of a build reported as it is when the job runs. */
export async function queueReport(tx: Db, buildId: number): Promise<void> {
  await enqueue(tx, REPORT_JOB, { buildId }, { key: `${REPORT_JOB}:${buildId}`, maxAttempts: ATTEMPTS });
}

/**
 * After the state or the commit of a build has changed: its commit gets a status at the provider, if the source is a
 * repository of a linked account. The build waits for nothing of it.
 *
 * @param tx - the transaction of the change, or after it
 */
export async function noteState(tx: Db, buildId: number): Promise<void> {
  await store.note(tx, buildId);
  if (await store.isOpen(tx, buildId)) await queueReport(tx, buildId);
}
