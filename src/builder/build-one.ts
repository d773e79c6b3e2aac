import path from 'node:path';
import type { Needs } from '../context';
import { appendLog } from '../features/builds/build-log';
import { issueBuildToken } from '../features/builds/build-token';
import { secretMask } from '../features/builds/log-text';
import {
  claimBuild,
  finishBuild,
  noteCommit,
  noteDockerfile,
  type BuildHolder,
  type ClaimedBuild,
} from '../features/builds/running';
import { fullName, parseFullName } from '../features/repositories/names';
import type { RepositoryName } from '../features/access/actor';
import { AppError } from '../platform/errors';
import { BuildFailure } from './build-failure';
import { neededImages, type NeededImage } from './dockerfile/base-images';
import { fullName as imageName, imageReference, type ImageReference } from './dockerfile/image-reference';
import { Cancelled, keepAlive, Lost } from './keep-alive';
import { BuildLog } from './log/build-log';
import { usingHub } from './registry/hub';
import { pullBase, type PulledBase } from './registry/pull-base';
import { pushImage } from './registry/push-image';
import { adoptSource, createBuildFolder, removeBuildFolder, type BuildFolder } from './sandbox/build-folder';
import { buildImage } from './sandbox/build-image';
import type { BuildUser } from './sandbox/enclosure';
import type { BuilderSettings } from './settings';
import { fetchSource } from './source/fetch-source';
import { findBuildInput, type BuildInput } from './source/inside';
import { timeLimit } from './time-limit';

/** What a builder has on this host. */
export interface BuilderHost {
  readonly ctx: Needs<'db' | 'log' | 'tokenKey'>;
  /** `host:pid` */
  readonly name: string;
  readonly settings: BuilderSettings;
  readonly user: BuildUser | undefined;
  readonly storageDriver: 'overlay' | 'vfs';
  /** As images name it: `amd64`. */
  readonly architecture: string;
  /** The folder of this builder for its builds. */
  readonly folder: string;
}

/** A running build. */
interface Running {
  readonly host: BuilderHost;
  readonly holder: BuildHolder;
  readonly build: ClaimedBuild;
  readonly folder: BuildFolder;
  readonly log: BuildLog;
  readonly stopping: AbortSignal;
}

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
  const alive = keepAlive(ctx, holder, stopping);
  const time = timeLimit(settings.limits.timeMs);
  const folder = await createBuildFolder(host.folder, user);
  try {
    const stop = AbortSignal.any([alive.stopping, time.exceeded]);
    const ending = await outcome({ host, holder, build, folder, log, stopping: stop });
    if (ending !== undefined) await finishBuild(ctx, holder, ending);
  } finally {
    time.end();
    alive.end();
    await removeBuildFolder(folder.path, user).catch((error: unknown) =>
      ctx.log.error({ err: error, folder: folder.path }, 'the folder of a build is left'),
    );
  }
}

function secretsOf({ credential }: ClaimedBuild): string[] {
  if (credential === undefined) return [];
  return [credential.kind === 'token' ? credential.token : credential.privateKey];
}

async function store(ctx: Needs<'db'>, holder: BuildHolder, text: string): Promise<void> {
  if (!(await appendLog(ctx, holder, text))) throw new BuildFailure('The log became too large, or the build was lost.');
}

type Ending = Parameters<typeof finishBuild>[2];

/** Runs the steps of a build; undefined: it is no longer this builder's. */
async function outcome(running: Running): Promise<Ending | undefined> {
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

async function buildAndPush(running: Running): Promise<Ending> {
  const { host, holder, build, folder, log, stopping } = running;
  const { limits, addresses, knownHosts } = host.settings;
  const { refType, refName, cloneUrl: url, credential } = build;
  await log.say(`Fetching ${refType} ${refName} of ${url}`);
  const commit = await fetchSource(
    { url, refType, refName, credential },
    { protocols: ['https', 'http', 'ssh', 'git'], addresses, knownHosts },
    { folder, user: host.user, limits },
    (chunk) => log.write(chunk),
    stopping,
  );
  await log.say(`Commit ${commit.id}`);
  const noted = await noteCommit(host.ctx, holder, { hash: commit.id, message: commit.message, author: commit.author });
  if (noted === undefined) throw new Lost();
  if (noted.builtBy !== undefined) return { state: 'cancelled', error: `Build ${noted.builtBy} has built this commit` };
  const input = await findBuildInput(await adoptSource(folder), build.dockerfilePath, build.contextPath);
  const bases = await pullBases(running, input);
  const image = await buildImage(
    {
      dockerfile: path.join('source', input.dockerfile),
      context: path.join('source', input.context),
      bases: bases.map(({ names, pulled }) => ({ folder: path.relative(folder.files, pulled.folder), names })),
      registry: host.settings.ownHosts[0] ?? '',
      buildArguments: {},
    },
    { folder, user: host.user, limits, storageDriver: host.storageDriver },
    (chunk) => log.write(chunk),
    stopping,
  ).catch((error: unknown) => {
    throw error instanceof BuildFailure && log.errorLine !== undefined
      ? new BuildFailure(sentence(log.errorLine))
      : error;
  });
  if (!(await noteDockerfile(host.ctx, holder, input.text))) throw new Lost();
  return { state: 'success', digest: await push(running, noted.tag, image, bases) };
}

function sentence(line: string): string {
  return line.replace(/^error:\s*/i, '').slice(0, 500);
}

interface NamedBase {
  readonly names: readonly string[];
  readonly pulled: PulledBase;
}

/** Pulls the images of this hub that the Dockerfile needs, with the rights of the owner of the build. */
async function pullBases({ host, holder, log, folder, stopping }: Running, input: BuildInput): Promise<NamedBase[]> {
  const { ownHosts, hub, limits } = host.settings;
  const needed = neededImages(input.text, {}, host.architecture).map((image) => {
    const reference = imageReference(image, { own: ownHosts, allowed: [] });
    return { image, reference, repository: repositoryOf(reference, image) };
  });
  if (needed.length === 0) return [];
  const { token, refused } = await issueBuildToken(
    host.ctx,
    holder.buildId,
    needed.map(({ repository }) => repository),
  );
  const [first] = refused;
  if (first !== undefined) throw new BuildFailure(`${first.reason}.`);
  const bases: NamedBase[] = [];
  for (const [at, { reference, repository }] of needed.entries()) {
    await log.say(`Pulling ${fullName(repository)}, ${reference.reference}`);
    const target = path.join(folder.files, 'bases', String(at));
    const place = { architecture: host.architecture, limitBytes: limits.diskBytes };
    const asked = { url: hub, token, stopping };
    const pulled = await usingHub(asked, pullBase(asked, reference, target, place));
    bases.push({ pulled, names: ownHosts.map((own) => imageName(reference, own)) });
  }
  return bases;
}

function repositoryOf({ repository }: ImageReference, { line }: NeededImage): RepositoryName {
  const name = parseFullName(repository);
  if (name !== undefined) return name;
  throw new BuildFailure(`The image in line ${line} of the Dockerfile has a name that no repository can have.`);
}

async function push(
  { host, holder, build, log, stopping }: Running,
  tag: string,
  image: string,
  bases: readonly NamedBase[],
): Promise<string> {
  const repositories = bases.map(({ pulled }) => parseFullName(pulled.repository)).filter((each) => each !== undefined);
  const { token } = await issueBuildToken(host.ctx, holder.buildId, repositories);
  const repository = fullName(build.repository);
  await log.say(`Pushing ${repository}:${tag}`);
  const hub = { url: host.settings.hub, token, stopping };
  const pulled = bases.map((base) => base.pulled);
  const digest = await usingHub(hub, pushImage(hub, { repository, tag }, image, pulled));
  await log.say(`Digest ${digest}`);
  return digest;
}
