import { compare, measureRounds, median, quantile, type Line, type Skipped } from '../measure/figures';
import { timeRequests } from '../measure/latency';
import { startDrydock } from '../servers/drydock';
import { fillDatabase } from '../fill/fill-database';
import { COMMON_WORD } from '../fill/repositories-sql';
import { listProbes } from '../fill/probes';
import { sizesOf } from '../fill/sizes';
import type { Bench, Row } from './row';

/** What a page may take. */
const GOAL_MS = 50;

const HEADERS = { Accept: 'text/html' };

/** @param probe - the path of a repository */
const pagesOf = (probe: string): readonly (readonly [what: string, path: string])[] => [
  ['home', '/'],
  ['explore', '/explore/'],
  ['explore, newest', '/explore/?sort=newest'],
  ['search for a common word', `/search?q=${COMMON_WORD}`],
  ['search for a common word, by pulls', `/search?q=${COMMON_WORD}&sort=pulls`],
  ['start', '/start/'],
  ['profile', '/u/user1/'],
  ['repository', `/r/${probe}/`],
];

async function pageLine(bench: Bench, url: string, what: string): Promise<Line | Skipped> {
  const response = await fetch(url, { headers: HEADERS });
  const bytes = (await response.arrayBuffer()).byteLength;
  if (response.status !== 200) return { what: `page: ${what}`, skipped: `it answers ${response.status}` };
  const requests = [{ url, headers: HEADERS }];
  await timeRequests(requests, bench.isQuick ? 5 : 20); // compiled, and planned by Postgres
  const measure = async (): Promise<number> => {
    const times = await timeRequests(requests, bench.isQuick ? 20 : 100);
    bench.progress(`${what}: median ${median(times).toFixed(1)} ms, ${Math.round(bytes / 1024)} KB`);
    return quantile(times, 0.95);
  };
  const goal = { name: 'goal', measure: () => Promise.resolve(GOAL_MS) };
  const figures = await measureRounds([{ name: 'p95', measure }, goal], bench.rounds, bench.progress);
  return compare(figures, {
    what: `page: ${what} (${Math.round(bytes / 1024)} KB), p95`,
    goal: { atMost: 1 },
    unit: 'ms',
    ours: 'p95',
    peer: 'goal',
    peerName: `${GOAL_MS} ms`,
  });
}

/** The time of pages that list parts of a large installation. */
export const pages: Row = {
  name: 'pages',
  needs: [],
  measure: async (bench, resources) => {
    const server = await startDrydock(resources, bench.environment);
    await fillDatabase(server, sizesOf(bench), bench.progress);
    const [probe = { namespace: '', name: '' }] = await listProbes(server);
    const lines: (Line | Skipped)[] = [];
    for (const [what, path] of pagesOf(`${probe.namespace}/${probe.name}`))
      lines.push(await pageLine(bench, server.url + path, what));
    return lines;
  },
};
