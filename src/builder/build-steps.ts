import path from 'node:path';
import { issueBuildToken } from '../features/builds/build-token';
import { noteReadme } from '../features/builds/description';
import { noteCommit, noteDockerfile, type BuildEnd } from '../features/builds/running';
import type { RepositoryName } from '../features/access/actor';
import { fullName, parseFullName } from '../features/repositories/names';
import { AppError } from '../platform/errors';
import { BuildFailure } from './build-failure';
import { neededImages, type NeededImage } from './dockerfile/base-images';
import { fullName as imageName, imageReference, type ImageReference } from './dockerfile/image-reference';
import { Lost } from './keep-alive';
import { usingHub } from './registry/hub';
import { pullBase } from './registry/pull-base';
import { pushImage } from './registry/push-image';
import { adoptSource } from './sandbox/build-folder';
import { runDockerfile } from './run-dockerfile';
import type { NamedBase, Running } from './running-build';
import { fetchSource, type Commit } from './source/fetch-source';
import { findBuildInput, type BuildInput } from './source/inside';
import { readReadme } from './source/readme';

async function fetchCommit({ host, build, folder, log, times, stopping }: Running): Promise<Commit> {
  const { limits, addresses, knownHosts } = host.settings;
  const { refType, refName, cloneUrl: url, credential } = build;
  await log.say(`Fetching ${refType} ${refName} of ${url}`);
  const fetching = fetchSource(
    { url, refType, refName, credential },
    { protocols: ['https', 'http', 'ssh', 'git'], addresses, knownHosts },
    { folder, user: host.user, limits },
    (chunk) => log.write(chunk),
    stopping,
  );
  const commit = await times.measure('fetch', fetching);
  await log.say(`Commit ${commit.id}`);
  return commit;
}

/**
 * Does the steps of a build: fetches its source, pulls what its Dockerfile needs, builds and pushes.
 *
 * @throws BuildFailure, AppError for what its owner must know; Lost when it is no longer this builder's
 */
export async function buildAndPush(running: Running): Promise<BuildEnd> {
  const { host, holder, build, folder, times } = running;
  const commit = await fetchCommit(running);
  const noted = await noteCommit(host.ctx, holder, { hash: commit.id, message: commit.message, author: commit.author });
  if (noted === undefined) throw new Lost();
  if (noted.builtBy !== undefined) return { state: 'cancelled', error: `Build ${noted.builtBy} has built this commit` };
  const input = await findBuildInput(await adoptSource(folder), build.dockerfilePath, build.contextPath);
  const bases = await times.measure('pull', pullBases(running, input));
  const image = await times.measure('build', runDockerfile(running, input, bases));
  if (!(await noteDockerfile(host.ctx, holder, input.text))) throw new Lost();
  const digest = await times.measure('push', push(running, noted.tag, image, bases));
  if (build.syncsDescription) await describe(running, input);
  return { state: 'success', digest };
}

/** The README becomes the description. One that cannot does not fail the build, whose image is pushed. */
async function describe({ host, holder, folder, log }: Running, { dockerfile }: BuildInput): Promise<void> {
  const readme = await readReadme(path.join(folder.files, 'source'), dockerfile);
  if (readme === undefined) return log.say('There is no README next to the Dockerfile: the description stays');
  try {
    if (await noteReadme(host.ctx, holder, readme)) await log.say('The README is the description now');
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    await log.say(`The README does not become the description. ${error.message}`);
  }
}

/** Pulls the images of this hub that the Dockerfile needs, with the rights of the owner of the build. */
async function pullBases(
  { host, holder, build, log, folder, stopping }: Running,
  input: BuildInput,
): Promise<NamedBase[]> {
  const { ownHosts, hub, limits } = host.settings;
  const needed = neededImages(input.text, build.buildArguments, host.architecture).map((image) => {
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
