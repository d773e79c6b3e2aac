import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { OPERATOR_ACTOR } from '../../src/features/access/actor';
import { collectGarbageNow } from '../../src/features/maintenance/at-once';
import { ABANDONED_AFTER_HOURS } from '../../src/features/pushes/living-pushes-sql';
import { sweep } from '../../src/jobs';
import { waitUntil } from '../helpers/wait-until';
import { pullEverything, type Chains, type Deeds } from '../reliability/fleet';
import { NOTHING_LEFT, recount, type Recount } from '../reliability/recount';
import type { Host, Hosts } from './hosts';

/* What must be true once the faults are over. */

/** The answer of `/readyz`; undefined while the host answers nothing. */
export async function readiness({ url }: Pick<Host, 'url'>): Promise<unknown> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5000) });
    return [response.status, await response.json()];
  } catch {
    return undefined;
  }
}

/** Waits until all hosts are ready. */
export async function allReady(hub: Hosts): Promise<void> {
  for (const host of hub.hosts) {
    await waitUntil(`the recovery of ${host.url}`, async () =>
      JSON.stringify(await readiness(host)).startsWith('[200'),
    );
  }
}

/** Broken connections, and what Drydock and the proxy answer while something is away; nothing else may happen. */
export function expectCleanFailures({ errors }: Deeds): void {
  expect([...errors.keys()].filter((kind) => !/: (?:0 |50[234] )/.test(kind))).toEqual([]);
}

/** What gc and sweeps leave. Jobs that an outage delayed may still add manifests, which the next turn removes. */
async function leftAfterSweeps({ ctx, stored }: Hosts): Promise<Recount> {
  for (let turn = 1; ; turn += 1) {
    await collectGarbageNow(ctx, OPERATOR_ACTOR, { olderThanMs: 0, dryRun: false });
    await sweep(ctx, 1, { deadAfterMs: 1, abandonedAfterMs: 1 });
    const left = await recount(ctx.db, stored);
    if (turn === 12 || isDeepStrictEqual(left, NOTHING_LEFT)) return left;
    await sleep(turn * 500);
  }
}

/**
 * Pulls every tag whole through the proxy, and recounts: no row is without its object, and after gc and a sweep no object
 * is without a row.
 *
 * @returns the number of tags
 */
export async function expectNothingLost(hub: Hosts, users: readonly string[], chains: Chains): Promise<number> {
  const { ctx, stored } = hub;
  const { tags, wrong } = await pullEverything(hub.url, users, chains);
  expect(wrong).toEqual([]);
  expect(await recount(ctx.db, stored)).toMatchObject({ brokenTags: 0, damaged: 0, missingFiles: [], quarantined: [] });
  // What was cut off shows no more activity, and is given up.
  await ctx.db.raw(`update pushes set seen_at = seen_at - interval '${ABANDONED_AFTER_HOURS + 1} hours'`);
  await ctx.db.raw(`update blob_uploads set created_at = created_at - interval '2 hours'`);
  await ctx.db.raw(`update repository_blobs set linked_at = linked_at - interval '2 days'`);
  expect(await leftAfterSweeps(hub)).toEqual(NOTHING_LEFT);
  expect(await pullEverything(hub.url, users, chains)).toEqual({ tags, wrong: [] });
  return tags;
}
