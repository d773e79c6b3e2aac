import type { Needs } from '../context';
import { appendLog } from '../features/builds/build-log';
import { secretMask } from '../features/builds/log-text';
import {
  claimBuild,
  finishBuild,
  type BuildEnd,
  type BuildHolder,
  type ClaimedBuild,
} from '../features/builds/running';
import { AppError } from '../platform/errors';
import { BuildFailure } from './build-failure';
import { buildAndPush } from './build-steps';
import { Cancelled, keepAlive, Lost } from './keep-alive';
import { BuildLog } from './log/build-log';
import { PartTimes } from './part-times';
import type { BuilderHost, Running } from './running-build';
import { createBuildFolder, removeBuildFolder } from './sandbox/build-folder';
import { timeLimit } from './time-limit';

/**
 * Builds one build of the queue, from its claim to its end. What goes wrong ends the build, and is not thrown.
 *
 * @param stopping - the builder must end now: the build is left to be returned to the queue
 * @throws AppError `busy` while another build of the repository runs
 */
export async function runBuild(host: BuilderHost, buildId: number, stopping: AbortSignal): Promise<void> {
  const { ctx, settings, user } = host;
  const holder = { buildId, builder: host.name };
  const build = await claimBuild(ctx, holder);
  if (build === undefined) return;
  const log = new BuildLog(async (text) => store(ctx, holder, text), {
    limitBytes: settings.limits.logBytes,
    mask: secretMask(secretsOf(build)),
    everyMs: 500,
  });
  const times = new PartTimes();
  const alive = keepAlive(ctx, holder, stopping);
  const time = timeLimit(settings.limits.timeMs);
  const folder = await createBuildFolder(host.folder, user);
  try {
    const stop = AbortSignal.any([alive.stopping, time.exceeded]);
    const ending = await outcome({ host, holder, build, folder, log, times, stopping: stop });
    if (ending !== undefined) await finishBuild(ctx, holder, ending);
    ctx.log.info({ build: buildId, state: ending?.state, seconds: times.seconds() }, 'a build has ended');
  } finally {
    time.end();
    alive.end();
    await removeBuildFolder(folder.path, user).catch((error: unknown) =>
      ctx.log.error({ err: error, folder: folder.path }, 'the folder of a build is left'),
    );
  }
}

function secretsOf({ credential, secrets }: ClaimedBuild): string[] {
  if (credential === undefined) return Object.values(secrets);
  return [credential.kind === 'token' ? credential.token : credential.privateKey, ...Object.values(secrets)];
}

async function store(ctx: Needs<'db'>, holder: BuildHolder, text: string): Promise<void> {
  if (!(await appendLog(ctx, holder, text))) throw new BuildFailure('The log became too large, or the build was lost.');
}

/** Runs the steps of a build; undefined: it is no longer this builder's. */
async function outcome(running: Running): Promise<BuildEnd | undefined> {
  const { log, host, holder } = running;
  try {
    const ending = await buildAndPush(running);
    await log.end();
    return ending;
  } catch (error) {
    const reason: unknown = running.stopping.aborted ? running.stopping.reason : error;
    if (!(reason instanceof Lost)) await log.end().catch(() => undefined);
    if (reason instanceof Cancelled) return { state: 'cancelled' };
    if (reason instanceof BuildFailure || reason instanceof AppError) return { state: 'error', error: reason.message };
    if (running.stopping.aborted) return undefined;
    host.ctx.log.error({ err: error, build: holder.buildId }, 'a build failed because of the builder');
    return { state: 'error', error: 'The builder failed; its log says why.' };
  }
}
