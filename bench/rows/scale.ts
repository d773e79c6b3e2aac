import { startPull } from '../../src/client/v1/v1-client';
import { compare, measureRounds, median, quantile, type Line } from '../measure/figures';
import { timeRequests, type TimedRequest } from '../measure/latency';
import type { Resources } from '../measure/resources';
import { BASIC, startDrydock, type Drydock } from '../servers/drydock';
import { COMMON_WORD, filledRepository, fillRepositories } from './fill';
import type { Bench, Row } from './row';

const FEW = 100;
/** How many different repositories are asked for, spread over all. */
const ASKED = 100;

async function startFilled(bench: Bench, resources: Resources, repositories: number): Promise<Drydock> {
  const server = await startDrydock(resources, bench.environment);
  const startedAt = Date.now();
  await fillRepositories(server, repositories);
  bench.progress(`filled in ${repositories} repositories in ${Math.round((Date.now() - startedAt) / 1000)} s`);
  return server;
}

/** `GET tags` of repositories all over the database, each with its token. */
async function tagRequests(server: Drydock, repositories: number): Promise<TimedRequest[]> {
  const requests: TimedRequest[] = [];
  for (let index = 0; index < ASKED; index += 1) {
    const repository = filledRepository(1 + Math.floor((index * repositories) / ASKED));
    const { authorization: token } = await startPull({ url: server.url, basic: BASIC, repository });
    requests.push({ url: `${server.url}/v1/repositories/${repository}/tags`, headers: { Authorization: token } });
  }
  return requests;
}

async function searchLine(bench: Bench, server: Drydock, tags: readonly TimedRequest[], count: string): Promise<Line> {
  const search = [{ url: `${server.url}/v1/search?q=${COMMON_WORD}`, headers: {} }];
  const searches = bench.isQuick ? 20 : 60;
  const figures = await measureRounds(
    [
      { name: 'search p95', measure: async () => quantile(await timeRequests(search, searches), 0.95) },
      { name: 'GET tags median', measure: async () => median(await timeRequests(tags, 500)) },
    ],
    bench.rounds,
    bench.progress,
  );
  const line = { goal: { atMost: 5 }, unit: 'ms', ours: 'search p95', peer: 'GET tags median' };
  return compare(figures, { ...line, what: `search for a common word among ${count}, p95` });
}

/** What a large installation costs: latencies of requests one after the other. */
export const scale: Row = {
  name: 'scale',
  needs: [],
  measure: async (bench, resources) => {
    const repositories = bench.isQuick ? 5000 : 100_000;
    const count = `${repositories.toLocaleString('en')} repositories`;
    const small = await startFilled(bench, resources, FEW);
    const large = await startFilled(bench, resources, repositories);
    const smallTags = await tagRequests(small, FEW);
    const largeTags = await tagRequests(large, repositories);
    const requests = bench.isQuick ? 500 : 3000;
    const figures = await measureRounds(
      [
        { name: 'many', measure: async () => median(await timeRequests(largeTags, requests)) },
        { name: 'few', measure: async () => median(await timeRequests(smallTags, requests)) },
      ],
      bench.rounds,
      bench.progress,
    );
    const what = `GET tags, median latency with ${count}`;
    const line = { what, goal: { atMost: 1.3 }, unit: 'ms', ours: 'many', peer: 'few' };
    return [
      compare(figures, { ...line, peerName: `${FEW} repositories` }),
      await searchLine(bench, large, largeTags, count),
    ];
  },
};
