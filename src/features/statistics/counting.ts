import { createHash } from 'node:crypto';
import type { Needs } from '../../context';
import type { Count, CountBatch } from '../../platform/counts/count-buffer';
import { parseEngine } from '../tags/engine';
import * as store from './counting.store';

/*
 * Counting pulls and pushes without a row for each. A request adds one in memory, under the exact User-Agent; every two
 * seconds, and when the process drains, one statement adds the sums to the day's rows (CountBuffer). Nothing is counted
 * twice; a process that is killed loses what it has counted since then. This is counted:
 *
 *   a pull   `GET R/images` that succeeds, but not by token, because registries verify tokens that way (protocol 2.8)
 *   a push   `PUT R/images` that succeeds (protocol 2.7)
 *   over v2  the first GET of a manifest in five minutes by one client; each PUT of a manifest by tag (bridge 10)
 */

/** What is counted. */
export type Activity = 'pull' | 'push';

/** No engine has a longer User-Agent, and longer ones are not kept in memory. */
const USER_AGENT_CHARACTERS = 512;

const OTHER = 'other';
const VERSION = /^[\w.+~-]{1,32}$/;
const KERNEL_CHARACTERS = 64;

/** Counts one pull or push. Does not wait for anything. */
export function countActivity(
  ctx: Needs<'activity'>,
  activity: Activity,
  repositoryId: number,
  userAgent: string | undefined,
): void {
  const isKept = userAgent === undefined || userAgent.length <= USER_AGENT_CHARACTERS;
  ctx.activity.add(activity, repositoryId, isKept ? (userAgent ?? '') : undefined);
}

/**
 * Counts a pull over v2, which is several requests: once in five minutes for each client and repository (bridge 10).
 *
 * @param client - tells clients apart; it is not stored
 */
export function countManifestPull(
  ctx: Needs<'activity' | 'recentPulls'>,
  repositoryId: number,
  client: string,
  userAgent: string | undefined,
): void {
  const key = createHash('sha256').update(`${repositoryId} ${client}`).digest('base64');
  if (ctx.recentPulls.has(key)) return;
  ctx.recentPulls.set(key, true);
  countActivity(ctx, 'pull', repositoryId, userAgent);
}

/** The version of docker, or another client by name and version: `skopeo/1.22.0`. */
function engineOf(userAgent: string | undefined): { engine: string; kernel: string } {
  if (userAgent === undefined) return { engine: OTHER, kernel: '' };
  const { docker_version: version = '', kernel = '', client } = parseEngine(userAgent);
  if (client !== undefined) return { engine: client, kernel: '' };
  if (version !== '' && !VERSION.test(version)) return { engine: OTHER, kernel: '' };
  return { engine: version, kernel: kernel.slice(0, KERNEL_CHARACTERS) };
}

function toRow({ subject, label, times }: Count<Activity>): store.ActivityCount {
  return { repositoryId: subject, ...engineOf(label), pulls: times.pull ?? 0, pushes: times.push ?? 0 };
}

/**
 * Adds a batch to the stored counts, unless it was added before; counts of repositories that are gone are dropped.
 *
 * @throws AppError `unavailable`
 */
export async function saveActivity(ctx: Needs<'db'>, batch: CountBatch<Activity>): Promise<void> {
  await store.addActivity(ctx.db, { ...batch, counts: batch.counts.map(toRow) });
}

/** Deletes the records of processes that have not saved anything for this time: they have ended. */
export async function forgetSources(ctx: Needs<'db'>, olderThanMs: number): Promise<void> {
  await store.deleteSources(ctx.db, olderThanMs);
}
