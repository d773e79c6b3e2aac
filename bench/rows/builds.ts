import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { call } from '../clients/http';
import { compare, formatFigure, median, type Line } from '../measure/figures';
import { startBuilder, type BuilderProcess } from '../servers/builders';
import { BASIC, startDrydock, USER, type Drydock } from '../servers/drydock';
import { startGit, type GitSource } from '../servers/git-sources';
import type { Row } from './row';

const REPOSITORIES = 5;
const COMMITS = 20;
const GOAL_SECONDS = 0.5;

/** An automated repository of the hub. */
interface Automated {
  readonly name: string;
  readonly source: GitSource;
  readonly hook: { readonly url: string; readonly secret: string };
}

/** A build, as the database has it at the end; times in seconds. */
interface BuildRow {
  readonly id: number;
  readonly name: string;
  readonly state: string;
  readonly error: string | null;
  readonly commit_hash: string | null;
  readonly builder: string | null;
  readonly created: number;
  readonly started: number | null;
  readonly finished: number | null;
}

async function api<Result>(server: Drydock, path: string, body: object): Promise<Result> {
  const headers = { Authorization: BASIC, 'Content-Type': 'application/json' };
  const url = `${server.url}/api/v1.1/repositories/${path}`;
  const answer = await call({ method: 'POST', url, headers, body: JSON.stringify(body), expected: [201] });
  return JSON.parse(answer.body.toString()) as Result;
}

async function automate(server: Drydock, name: string, source: GitSource): Promise<Automated> {
  await api(server, '', { namespace: USER.name, name });
  const body = { clone_url: source.url };
  const added = await api<{ hook_url: string; hook_secret: string }>(
    server,
    `${USER.name}/${name}/build-source/`,
    body,
  );
  return { name, source, hook: { url: added.hook_url, secret: added.hook_secret } };
}

/** Commits, and sends the hook as a git server does. */
async function push({ source, hook }: Automated, files: Record<string, string | Buffer>): Promise<string> {
  const commit = await source.commit(files);
  const body = JSON.stringify({ ref: 'refs/heads/master', after: commit });
  const signature = createHmac('sha256', hook.secret).update(body).digest('hex');
  const headers = { 'Content-Type': 'application/json', 'X-Hub-Signature-256': `sha256=${signature}` };
  await call({ method: 'POST', url: hook.url, headers, body, expected: [202] });
  return commit;
}

const BUILDS = `select b.id::int, r.name, b.state, b.error, b.commit_hash, b.builder,
  extract(epoch from b.created_at)::float8 as created, extract(epoch from b.started_at)::float8 as started,
  extract(epoch from b.finished_at)::float8 as finished from builds b join repositories r on r.id = b.repository_id`;

async function allEnded(server: Drydock): Promise<BuildRow[]> {
  for (;;) {
    const rows = await server.rows<BuildRow>(`${BUILDS} order by b.started_at`);
    if (rows.length > 0 && rows.every(({ finished }) => finished !== null)) return rows;
    await sleep(200);
  }
}

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
    const base = await automate(server, 'base', await createSource('base'));
    await push(base, { sh: await readFile('/bin/busybox'), Dockerfile: 'FROM scratch\nCOPY sh /bin/sh\n' });
    await allEnded(server);
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
