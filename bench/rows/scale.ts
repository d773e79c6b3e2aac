import { bearerFor } from '../clients/v2-client';
import { MANIFEST_TYPE } from '../clients/images';
import { pushSmallImage } from '../clients/small-push';
import { fillDatabase } from '../fill/fill-database';
import { listProbes } from '../fill/probes';
import { COMMON_WORD, RARE_WORD } from '../fill/repositories-sql';
import { FEW, sizesOf, type Sizes } from '../fill/sizes';
import { startPull } from '../../src/client/v1/v1-client';
import { compare, formatFigure, median, quantile, type Line } from '../measure/figures';
import { timeCalls, timeRequests, type TimedRequest } from '../measure/latency';
import type { Resources } from '../measure/resources';
import { BASIC, startDrydock, type Drydock } from '../servers/drydock';
import type { Bench, Row } from './row';
import { maintenanceLines } from './scale-maintenance';

/** It has no goal, because a hub of few repositories has nothing like it: one user with nine thousand repositories. */
const LARGEST_PROFILE = 'page: the largest profile';

/** How often the two servers take turns in a round. */
const TURNS = 10;

/** What is asked of both servers. */
interface Question {
  readonly what: string;
  /** how often in a round */
  readonly count: number;
  /** Resolves to milliseconds, one for each time. */
  readonly ask: (count: number) => Promise<number[]>;
}

/** A server with its data set. */
interface Filled {
  readonly server: Drydock;
  readonly sizes: Sizes;
}

async function startFilled(bench: Bench, resources: Resources, sizes: Sizes): Promise<Filled> {
  const server = await startDrydock(resources, bench.environment);
  const startedAt = Date.now();
  await fillDatabase(server, sizes, bench.progress);
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  bench.progress(`filled in ${sizes.repositories} repositories and ${sizes.images} images in ${seconds} s`);
  return { server, sizes };
}

/** Requests for the probes in turn, which are spread over the whole data set, and for pages that everybody sees. */
async function questionsFor(bench: Bench, { server }: Filled): Promise<Question[]> {
  const { url } = server;
  const headers = new Map<string, TimedRequest['headers']>();
  const bearers = new Map<string, TimedRequest['headers']>();
  const probes = await listProbes(server);
  for (const { namespace, name } of probes) {
    const repository = `${namespace}/${name}`;
    headers.set(repository, { Authorization: (await startPull({ url, basic: BASIC, repository })).authorization });
    bearers.set(repository, { ...(await bearerFor(url, repository, BASIC)), Accept: MANIFEST_TYPE });
  }
  const repeat = (what: string, count: number, requests: readonly TimedRequest[]): Question => ({
    what,
    count: bench.isQuick ? Math.ceil(count / 5) : count,
    ask: (times) => timeRequests(requests, times),
  });
  const ofEach = (what: string, path: (probe: (typeof probes)[number]) => string, from = headers): Question =>
    repeat(
      what,
      1500,
      probes.map((probe) => ({ url: url + path(probe), headers: from.get(`${probe.namespace}/${probe.name}`) ?? {} })),
    );
  const page = (what: string, path: string): Question =>
    repeat(what, 200, [{ url: url + path, headers: path.startsWith('/v1') ? {} : { Accept: 'text/html' } }]);
  return [
    ofEach('GET tags', ({ namespace, name }) => `/v1/repositories/${namespace}/${name}/tags`),
    ofEach('GET images', ({ namespace, name }) => `/v1/repositories/${namespace}/${name}/images`),
    ofEach('GET <id>/json', ({ imageId }) => `/v1/images/${imageId}/json`),
    ofEach('GET manifest by tag', ({ namespace, name }) => `/v2/${namespace}/${name}/manifests/latest`, bearers),
    page('search for a common word', `/v1/search?q=${COMMON_WORD}&n=25`),
    page('search for a rare word', `/v1/search?q=${RARE_WORD}&n=25`),
    page('page: explore', '/explore/'),
    repeat(
      'page: profile',
      200,
      probes
        .filter(({ namespace }) => namespace !== 'library') // nobody's profile
        .map(({ namespace }) => ({ url: `${url}/u/${namespace}/`, headers: { Accept: 'text/html' } })),
    ),
    page(LARGEST_PROFILE, '/u/user1/'),
    {
      what: 'push of an image',
      count: bench.isQuick ? 10 : 40,
      ask: (count) => timeCalls(() => pushSmallImage(url), count),
    },
  ];
}

type Figures = Readonly<Record<'median' | 'p95', Map<string, number[]>>>;

/** In each round the two take turns often, so that other work on the machine meets both. */
async function measureQuestion(bench: Bench, many: Question, few: Question): Promise<Figures> {
  const figures = { median: new Map<string, number[]>(), p95: new Map<string, number[]>() };
  const sides = [
    ['many', many],
    ['few', few],
  ] as const;
  for (const [, { ask, count }] of sides) await ask(Math.ceil(count / 4)); // compiled, planned, and in the cache
  for (let round = 0; round < bench.rounds; round += 1) {
    const times: Record<'many' | 'few', number[]> = { many: [], few: [] };
    for (let turn = 0; turn < TURNS; turn += 1) {
      for (const [name, { ask, count }] of turn % 2 === 0 ? sides : sides.toReversed()) {
        times[name].push(...(await ask(Math.ceil(count / TURNS))));
      }
    }
    for (const [name, { what }] of sides) {
      const taken = { median: median(times[name]), p95: quantile(times[name], 0.95) };
      for (const key of ['median', 'p95'] as const)
        figures[key].set(name, [...(figures[key].get(name) ?? []), taken[key]]);
      const text = `${name} ${formatFigure(taken.median)} ms, p95 ${formatFigure(taken.p95)} ms`;
      bench.progress(`round ${round + 1} of ${bench.rounds}: ${what}, ${text}`);
    }
  }
  return figures;
}

/** The lines of one question. @param tags - the median of GET tags in each round: what searches are held against */
function linesOf(what: string, figures: Figures, among: string, tags: readonly number[]): Line[] {
  const isSearch = what.startsWith('search');
  const hasGoal = !isSearch && what !== LARGEST_PROFILE;
  const line = { unit: 'ms', ours: 'many', peer: 'few', peerName: `${FEW.repositories} repositories` };
  const lines = (['median', 'p95'] as const).map((key) =>
    compare(figures[key], {
      ...line,
      what: `${what}, ${key} ${among}`,
      ...(hasGoal ? { goal: { atMost: 1.3 } } : {}),
    }),
  );
  if (!isSearch) return lines;
  const against = {
    what: `${what}, p95 ${among}`,
    unit: 'ms',
    ours: 'many',
    peer: 'tags',
    peerName: 'GET tags median',
  };
  return [...lines, compare(new Map([...figures.p95, ['tags', tags]]), { ...against, goal: { atMost: 5 } })];
}

/** What a large installation costs: latencies of requests one after the other. */
export const scale: Row = {
  name: 'scale',
  needs: [],
  measure: async (bench, resources) => {
    const sizes = sizesOf(bench);
    const small = await startFilled(bench, resources, FEW);
    const large = await startFilled(bench, resources, sizes);
    const few = await questionsFor(bench, small);
    const lines: Line[] = [];
    let tags: readonly number[] = [];
    const among = `among ${sizes.repositories.toLocaleString('en')} repositories`;
    for (const [index, question] of (await questionsFor(bench, large)).entries()) {
      const figures = await measureQuestion(bench, question, few[index] ?? question);
      if (index === 0) tags = figures.median.get('many') ?? [];
      lines.push(...linesOf(question.what, figures, among, tags));
    }
    return [...lines, ...(await maintenanceLines(bench, resources, large.server))];
  },
};
