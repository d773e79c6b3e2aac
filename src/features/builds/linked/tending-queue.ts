import type { Db } from '../../../platform/db/db';
import { enqueue } from '../../../platform/jobs/queue';

/** The job that removes what unlinked accounts, removed sources and deleted repositories left at providers. */
export const TENDING_JOB = 'tend_linked_accounts';

/** Runs the job when the transaction has committed; it also runs each minute. */
export async function queueTending(tx: Db): Promise<void> {
  await enqueue(tx, TENDING_JOB, {}, { key: TENDING_JOB });
}
