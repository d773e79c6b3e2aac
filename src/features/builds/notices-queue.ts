import type { Db } from '../../platform/db/db';
import { enqueue } from '../../platform/jobs/queue';
import * as store from './notices.store';

/** The job that tells of the end of a build, with `{ buildId, turn }`. */
export const TELL_JOB = 'tell_build_end';

/** In the transaction that ends a build: notify those who want to know if it failed, or succeeded after failures. */
export async function noteEnd(tx: Db, buildId: number): Promise<void> {
  const turn = await store.findTurn(tx, buildId);
  if (turn !== undefined) await enqueue(tx, TELL_JOB, { buildId, turn }, { key: `${TELL_JOB}:${buildId}` });
}
