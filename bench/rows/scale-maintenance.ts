import { setTimeout as sleep } from 'node:timers/promises';
import { pushSmallImage, SMALL_REPOSITORY } from '../clients/small-push';
import { formatFigure, quantile, type Line } from '../measure/figures';
import { longestLockWait } from '../measure/lock-waits';
import { peakMebibytes } from '../measure/memory';
import { startProcess } from '../measure/processes';
import type { Resources } from '../measure/resources';
import { drydockCommand, type Drydock } from '../servers/drydock';
import type { Bench } from './row';

const GOAL_WAIT_MS = 100;
const POLL_MS = 100;

/** Work on the whole data set; resolves to the peak of the memory of the process that does it, in MiB. */
interface Work {
  readonly what: string;
  readonly run: () => Promise<number>;
}

/** A command of the operator, next to the server. */
async function command(resources: Resources, { dataDir }: Drydock, args: readonly string[]): Promise<number> {
  const running = startProcess(resources, drydockCommand(args, dataDir));
  let peak = 0;
  while (running.isRunning()) {
    peak = Math.max(peak, peakMebibytes([running.pid]));
    await sleep(POLL_MS);
  }
  return peak;
}

/** A job in one of the processes of the server. */
async function job(server: Drydock, name: string): Promise<number> {
  await server.sql(`select graphile_worker.add_job('${name}', job_key => 'bench')`);
  while ((await server.count(`select count(*) from graphile_worker.jobs where key = 'bench'`)) > 0)
    await sleep(POLL_MS);
  return peakMebibytes([server.pid]);
}

/** A line with a figure of its own goal. */
function lineOf(what: string, unit: string, figure: number, goal?: number): Line {
  const ratio = goal === undefined ? Number.NaN : figure / goal;
  const against = goal === undefined ? { peer: Number.NaN, peerName: '' } : { peer: goal, peerName: 'the goal' };
  return {
    ...against,
    what,
    unit,
    goal: goal === undefined ? undefined : { atMost: 1 },
    ours: figure,
    ratio,
    spread: [ratio, ratio],
  };
}

/** The repository with the most images, which gc locks for longest, and a small one. */
async function repositoriesToPush(server: Drydock): Promise<string[]> {
  const rows = await server.rows<{ name: string }>(
    `select namespace || '/' || name as name from repositories
     where state = 'active' and id <= 1000 order by (select count(*) from repository_images where repository_id = id) desc limit 1`,
  );
  return [...rows.map(({ name }) => name), SMALL_REPOSITORY];
}

/** Pushes one image after the other until `isOver`, and resolves to the milliseconds of each. */
async function pushUntil(url: string, repositories: readonly string[], isOver: () => boolean): Promise<number[]> {
  const times: number[] = [];
  while (!isOver()) {
    const startedAt = performance.now();
    await pushSmallImage(url, repositories[times.length % repositories.length]);
    times.push(performance.now() - startedAt);
  }
  return times;
}

/** What maintenance of the whole data set costs those who push at the same time, and how much memory it takes. */
export async function maintenanceLines(bench: Bench, resources: Resources, server: Drydock): Promise<Line[]> {
  const works: readonly Work[] = [
    { what: 'gc --dry-run', run: () => command(resources, server, ['gc', '--dry-run']) },
    { what: 'gc', run: () => command(resources, server, ['gc']) },
    { what: 'sweep', run: () => job(server, 'sweep') },
    { what: 'storage report', run: () => job(server, 'storage_report') },
    { what: 'retention', run: () => job(server, 'retention_daily') },
  ];
  const repositories = await repositoriesToPush(server);
  const lines: Line[] = [];
  for (const { what, run } of works) {
    let [isOver, peak] = [false, 0];
    const startedAt = performance.now();
    const pushing = pushUntil(server.url, repositories, () => isOver);
    const wait = await longestLockWait(server, async () => {
      peak = await run();
      isOver = true;
      await pushing;
    });
    const seconds = (performance.now() - startedAt) / 1000;
    const times = await pushing;
    const waited = `longest wait ${formatFigure(wait.ms)} ms`;
    const pushes = `${times.length} pushes meanwhile, p95 ${formatFigure(quantile(times, 0.95))} ms`;
    bench.progress(`${what}: ${formatFigure(seconds)} s, peak ${formatFigure(peak)} MiB, ${waited}, ${pushes}`);
    if (wait.ms > GOAL_WAIT_MS) bench.progress(`  ${wait.story}`);
    lines.push(
      lineOf(`${what}, longest wait for a lock`, 'ms', wait.ms, GOAL_WAIT_MS),
      lineOf(`${what}, time`, 's', seconds),
      lineOf(`${what}, peak memory of its process`, 'MiB', peak),
    );
  }
  return lines;
}
