import { allEnded, api, automate, push, pushBase, type BuildRow } from '../clients/builds';
import { compare, formatFigure, measureRounds, median, type Line } from '../measure/figures';
import { startBuilder, type BuilderProcess } from '../servers/builders';
import { startDrydock, USER } from '../servers/drydock';
import { startGit } from '../servers/git-sources';
import type { Row } from './row';

const REPOSITORIES = 5;
const COMMITS = 20;
const GOAL_SECONDS = 0.5;

function assertNewestOnce(builds: readonly BuildRow[], newest: ReadonlyMap<string, string>): void {
  const failed = builds.find(({ state }) => state === 'error');
  if (failed !== undefined) throw new Error(`a build failed: ${failed.error}`);
  for (const [name, commit] of newest) {
    const commits = builds.filter((build) => build.name === name && build.state === 'success');
    const hashes = commits.map((build) => build.commit_hash);
    if (hashes.at(-1) !== commit) throw new Error(`${name}: the newest commit was not built`);
    if (new Set(hashes).size !== hashes.length) throw new Error(`${name}: a commit was built twice`);
  }
}

/**
 * What Drydock adds to each build: from its cause, or the end of the build before it in the same builder, to its own end,
 * without the time of buildah.
 */
function overheads(builds: readonly BuildRow[], builders: readonly BuilderProcess[]): number[] {
  return builders.flatMap(({ name, builds: logged }) => {
    let freeAt = 0;
    return builds
      .filter(({ builder, started }) => builder === name && started !== null)
      .map(({ id, created, finished }) => {
        const tool = logged.find(({ build }) => build === id)?.seconds['buildah'] ?? 0;
        const overhead = (finished ?? 0) - Math.max(created, freeAt) - tool;
        freeAt = finished ?? 0;
        return overhead;
      });
  });
}

/** Of each part of the builds, the median in seconds. */
function partsOf(builders: readonly BuilderProcess[]): string {
  const all = builders.flatMap(({ builds }) => builds.filter(({ state }) => state === 'success'));
  const parts = [...new Set(all.flatMap(({ seconds }) => Object.keys(seconds)))];
  return parts
    .map((part) => `${part} ${formatFigure(median(all.map(({ seconds }) => seconds[part] ?? 0)))} s`)
    .join(', ');
}

/** Pushes of 20 commits at once to 5 repositories that 2 builders build. */
export const builds: Row = {
  name: 'builds',
  needs: ['buildah', 'runc', 'busybox'],
  measure: async (bench, resources): Promise<Line[]> => {
    const createSource = await startGit(resources);
    const server = await startDrydock(resources, bench.environment);
    const builders = [await startBuilder(resources, server), await startBuilder(resources, server)];
    await pushBase(server, await createSource('base'));
    const figures = new Map<string, number[]>([
      ['median', []],
      ['max', []],
      ['goal', []],
    ]);
    for (let round = 0; round < bench.rounds; round += 1) {
      await server.sql('delete from builds');
      const names = Array.from({ length: REPOSITORIES }, (_, at) => `app-${round}-${at}`);
      const apps = await Promise.all(names.map(async (name) => automate(server, name, await createSource(name))));
      const newest = new Map<string, string>();
      const Dockerfile = `FROM ${USER.name}/base\nCOPY file /file\nRUN read -r text < /file && echo "$text" > /copied\n`;
      await Promise.all(
        apps.map(async (app) => {
          for (let at = 0; at < (bench.isQuick ? 1 : COMMITS / REPOSITORIES); at += 1)
            newest.set(app.name, await push(app, { Dockerfile, file: `${app.name} ${at}\n` }));
        }),
      );
      const ended = await allEnded(server);
      assertNewestOnce(ended, newest);
      const taken = overheads(ended, builders);
      figures.get('median')?.push(median(taken));
      figures.get('max')?.push(Math.max(...taken));
      figures.get('goal')?.push(GOAL_SECONDS);
      const built = ended.filter(({ state }) => state === 'success').length;
      const figure = `overhead ${formatFigure(median(taken))} s, at most ${formatFigure(Math.max(...taken))} s`;
      bench.progress(`round ${round + 1} of ${bench.rounds}: ${built} of ${ended.length} builds, ${figure}`);
      bench.progress(`medians of the parts: ${partsOf(builders)}`);
    }
    const what = `build of one of ${COMMITS} commits to ${REPOSITORIES} repositories at once, 2 builders, without buildah`;
    const line = { unit: 's', peer: 'goal', peerName: `${GOAL_SECONDS} s` };
    return [
      compare(figures, { ...line, what: `${what}, median`, goal: { atMost: 1 }, ours: 'median' }),
      compare(figures, { ...line, what: `${what}, longest`, ours: 'max' }),
    ];
  },
};

/** A build whose long step was run by an earlier one, against the same without its layers. */
export const buildCache: Row = {
  name: 'build-cache',
  needs: ['buildah', 'runc', 'busybox'],
  measure: async (bench, resources): Promise<Line[]> => {
    const server = await startDrydock(resources, bench.environment);
    const builder = await startBuilder(resources, server);
    const createSource = await startGit(resources);
    await pushBase(server, await createSource('base'));
    const app = await automate(server, 'app', await createSource('app'));
    const Dockerfile = `FROM ${USER.name}/base\nRUN i=0; while [ $i -lt 1000000 ]; do i=$((i+1)); done; echo $i > /i\nCOPY file /\n`;
    await push(app, { Dockerfile, file: '0' });
    await allEnded(server);
    const taken = async (): Promise<number> => {
      await allEnded(server);
      const { builds } = builder;
      return builds.at(-1)?.seconds['all'] ?? Number.NaN;
    };
    let commits = 0;
    const withLayers = {
      name: 'with',
      measure: async () => {
        await push(app, { Dockerfile, file: String((commits += 1)) });
        return taken();
      },
    };
    const without = {
      name: 'without',
      measure: async () => {
        await api(server, `${USER.name}/app/builds/`, { no_cache: true }, 202);
        return taken();
      },
    };
    const figures = await measureRounds([withLayers, without], bench.rounds, bench.progress);
    const line = { unit: 's', ours: 'with', peer: 'without', peerName: 'without its layers' };
    return [compare(figures, { ...line, what: 'build after another with the same long RUN', goal: { atMost: 0.7 } })];
  },
};
