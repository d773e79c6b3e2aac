import { rm } from 'node:fs/promises';
import type { Credential } from '../../features/builds/credentials';
import type { AddressRule } from '../../platform/http/address-rules';
import { BuildFailure } from '../build-failure';
import { openWithin, type BuildFolder } from '../sandbox/build-folder';
import type { BuildUser, Limits } from '../sandbox/enclosure';
import { ProgramFailed, runEnclosed, type Output } from '../sandbox/run-enclosed';
import { allowedAddress, readCloneUrl, writeCloneUrl, type Protocol } from './clone-url';
import { gitEnvironment } from './git-settings';
import { writeKeys } from './ssh-keys';

/** What is fetched. */
export interface Source {
  readonly url: string;
  readonly refType: 'branch' | 'tag';
  readonly refName: string;
  readonly credential: Credential | undefined;
}

/** What the operator allows. */
export interface SourceRules {
  readonly protocols: readonly Protocol[];
  readonly addresses: AddressRule;
  /** A file with the keys of ssh hosts; undefined: any key is accepted. */
  readonly knownHosts: string | undefined;
}

/** The commit that was fetched. */
export interface Commit {
  readonly id: string;
  readonly author: string;
  readonly message: string;
}

/** Where and within what git runs. */
export interface FetchPlace {
  readonly folder: BuildFolder;
  readonly user: BuildUser | undefined;
  readonly limits: Limits;
}

/**
 * No configuration but this: no file of the host, no hooks, no submodules, no redirects (which would lead around the check
 * of the address), no transport but that of the URL, and no question. The repository is outside of the files, so the context
 * of the build has no `.git`.
 */
const FETCH = `set -eu
url=$1 from=$2 protocol=$3
export GIT_DIR=/build/git GIT_WORK_TREE=/build/source GIT_TERMINAL_PROMPT=0 GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
export GIT_ALLOW_PROTOCOL="$protocol" GIT_PROTOCOL_FROM_USER=0 GIT_LFS_SKIP_SMUDGE=1 GIT_OPTIONAL_LOCKS=0
mkdir -p /build/source
git init --quiet --template=
git fetch --quiet --depth 1 --no-tags --no-recurse-submodules --no-write-fetch-head --no-auto-maintenance -- "$url" "+$from:refs/drydock/fetched"
git -c advice.detachedHead=false checkout --quiet --force --detach refs/drydock/fetched
git log -1 --no-show-signature --format='%H%n%an%n%B' > /build/commit`;

const REF_NAME = /^(?!.*(?:\.\.|\/\/|@\{|\.lock(?:\/|$)|\/\.))[A-Za-z0-9_][A-Za-z0-9_./+@#=,-]{0,249}(?<![./])$/;

/**
 * Fetches the newest commit of a branch or tag, without its history, to `source` in the part of the folder that git sees.
 *
 * @param output - receives what git says
 * @throws BuildFailure when the source is refused, does not answer, needs credentials, or exceeds a limit
 */
export async function fetchSource(
  source: Source,
  rules: SourceRules,
  place: FetchPlace,
  output: Output,
  stopping: AbortSignal,
): Promise<Commit> {
  const { refType, refName, credential } = source;
  const url = readCloneUrl(source.url, rules.protocols);
  if (!REF_NAME.test(refName)) throw new BuildFailure(`A ${refType} cannot have this name.`);
  const address = await allowedAddress(url, rules.addresses);
  const { folder, user, limits } = place;
  const keys = await writeKeys(url, credential, rules.knownHosts, place);
  const from = `refs/${refType === 'branch' ? 'heads' : 'tags'}/${refName}`;
  const environment = gitEnvironment(url, address, credential, keys);
  const enclosure = {
    folder: folder.fetched,
    mountPoint: folder.mountPoint,
    network: 'host',
    user,
    limits,
    environment,
  } as const;
  const target = writeCloneUrl(url.protocol === 'git' ? { ...url, host: address } : url);
  try {
    await runEnclosed(enclosure, ['sh', '-c', FETCH, 'sh', target, from, url.protocol], output, stopping);
  } catch (error) {
    if (error instanceof ProgramFailed)
      throw new BuildFailure(`The ${refType} ${refName} could not be fetched; the log says why.`);
    throw error;
  } finally {
    if (keys !== undefined) await rm(keys.folder, { recursive: true, force: true });
  }
  return readCommit(folder.fetched);
}

async function readCommit(folder: string): Promise<Commit> {
  const file = await openWithin(folder, 'commit');
  try {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(64 * 1024), position: 0 });
    const [id = '', author = '', ...message] = buffer.toString('utf8', 0, bytesRead).split('\n');
    return { id, author: author.slice(0, 500), message: message.join('\n').trim().slice(0, 5000) };
  } finally {
    await file.close();
  }
}
