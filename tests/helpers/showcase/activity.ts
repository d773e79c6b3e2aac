import { randomUUID } from 'node:crypto';
import type { Context } from '../../../src/context';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { getReadable } from '../../../src/features/repositories/get-repository';
import { saveActivity } from '../../../src/features/statistics/counting';
import { userAgentOf } from './engine';

const DAY_MS = 86_400_000;
const DAYS = 40;

/** The engines that pull, each with its share; among them are old hosts that need attention. */
const FLEET = [
  { userAgent: userAgentOf('0.9.1', '3.2.0-4-amd64'), share: 1 },
  { userAgent: userAgentOf('1.3.3', '3.8.0-44-generic'), share: 3 },
  { userAgent: userAgentOf('1.5.0'), share: 9 },
  { userAgent: userAgentOf('1.6.2', '3.16.0-4-amd64'), share: 6 },
  { userAgent: userAgentOf('1.9.1', '4.2.0-16-generic'), share: 4 },
  { userAgent: userAgentOf('28.5.2', '6.1.0-41-amd64'), share: 5 },
  { userAgent: 'containers/5.39.2 (github.com/containers/image)', share: 2 },
  { userAgent: 'containerd/2.1.9', share: 2 },
  { userAgent: 'curl/7.38.0', share: 1 },
];

const POPULAR = [
  { namespace: 'library', name: 'debian', pulls: 40 },
  { namespace: 'library', name: 'redis', pulls: 11 },
  { namespace: 'library', name: 'node', pulls: 17 },
  { namespace: 'alice', name: 'shop', pulls: 5 },
  { namespace: 'acme', name: 'site', pulls: 2 },
];

/** Counts pulls of the last weeks: fewer at weekends, and more over time; the same on each run of a day. */
export async function fillActivity(ctx: Context, today = Date.now()): Promise<void> {
  const source = randomUUID();
  const popular = await Promise.all(POPULAR.map((name) => getReadable(ctx, OPERATOR_ACTOR, name)));
  const ids = popular.map(({ id }) => id);
  for (let number = 1; number <= DAYS; number += 1) {
    const at = new Date(today - (DAYS - number) * DAY_MS);
    const weight = ([0, 6].includes(at.getUTCDay()) ? 0.4 : 1) * (0.6 + number / DAYS) * (1 + (number % 3) / 4);
    const counts = POPULAR.flatMap(({ pulls }, index) =>
      FLEET.map(({ userAgent, share }) => ({
        subject: ids[index] ?? 0,
        label: userAgent,
        times: { pull: Math.ceil(pulls * share * weight), push: 0 },
      })),
    );
    await saveActivity(ctx, { source, number, day: at.toISOString().slice(0, 10), counts });
  }
}
