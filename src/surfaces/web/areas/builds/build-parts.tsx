import type { RepositoryName } from '../../../../features/access/actor';
import type { Build, BuildCause } from '../../../../features/builds/builds';
import { AppError } from '../../../../platform/errors';
import { idOf } from '../../components/older';
import { Badge } from '../../components/page-parts';
import { Ago, formatDuration } from '../../components/quantities';
import { repositoryPath } from '../../repository-path';
import type { View } from '../../view';
import { manifestPath, shortId, tagPath } from '../repository/addresses';

/* What the pages show of a build. */

/** The path of a page of a repository's builds. */
export function buildsPath(repository: RepositoryName, rest = ''): string {
  return repositoryPath(repository, `builds/${rest}`);
}

/** The path of a build, or of a page or form below it. */
export function buildPath(repository: RepositoryName, { id }: Pick<Build, 'id'>, rest = ''): string {
  return buildsPath(repository, `${id}/${rest}`);
}

/** The number of the build in a path. @throws AppError `not_found` */
export function buildIdIn(params: Readonly<Record<string, string>>): number {
  const id = idOf(params['build']);
  if (id === undefined) throw new AppError('not_found', 'Build not found');
  return id;
}

/** Whether a build waits or runs. */
export function isOpen({ state }: Pick<Build, 'state'>): boolean {
  return state === 'queued' || state === 'building';
}

const STATES: Readonly<Record<Build['state'], readonly [tone: 'plain' | 'good' | 'warn' | 'bad', text: string]>> = {
  queued: ['plain', 'Queued'],
  building: ['warn', 'Building'],
  success: ['good', 'Success'],
  error: ['bad', 'Error'],
  cancelled: ['plain', 'Cancelled'],
};

/** The state of a build. */
export function StateBadge({ build }: { readonly build: Pick<Build, 'state' | 'isCancelRequested'> }): View {
  const [tone, text] = STATES[build.state];
  return <Badge tone={tone}>{build.state === 'building' && build.isCancelRequested ? 'Cancelling' : text}</Badge>;
}

const CAUSES: Readonly<Record<BuildCause, string>> = {
  hook: 'Push',
  trigger: 'Trigger URL',
  manual: 'Started',
  schedule: 'Schedule',
  link: 'Push to',
  retry: 'Retry',
};

/** Why a build was started, and who asked for it. */
export function Cause({ build: { cause, requestedBy } }: { readonly build: Build }): View {
  const text = CAUSES[cause];
  if (requestedBy === undefined) return <>{text}</>;
  if (cause === 'link') return <>{`${text} ${requestedBy}`}</>;
  return (
    <>
      {text} by <a href={`/u/${requestedBy}/`}>{requestedBy}</a>
    </>
  );
}

/** How long a build took, or since when it runs or waits. */
export function Duration({ build: { state, createdAt, startedAt, finishedAt } }: { readonly build: Build }): View {
  if (startedAt === undefined) return <span class="fine">{state === 'queued' ? 'waiting' : 'not started'}</span>;
  if (finishedAt !== undefined) return <>{formatDuration(finishedAt.getTime() - startedAt.getTime())}</>;
  if (state === 'queued') return <span class="fine">waiting again</span>;
  return (
    <span class="fine">
      since <Ago at={startedAt > createdAt ? startedAt : createdAt} />
    </span>
  );
}

const SHORT_HASH = 7;
const MESSAGE_CHARACTERS = 100;

/** The first line of a commit's message, cut if it is long. */
export function firstLine(message: string): string {
  const line = message.trim().split('\n', 1)[0] ?? '';
  return line.length > MESSAGE_CHARACTERS ? `${line.slice(0, MESSAGE_CHARACTERS)}…` : line;
}

/**
 * The hash of a commit.
 *
 * @param url - its page at the provider; undefined: none is known
 */
export function CommitHash({ hash, url }: { readonly hash: string; readonly url: string | undefined }): View {
  const short = (
    <span class="mono" title={hash}>
      {hash.slice(0, SHORT_HASH)}
    </span>
  );
  if (url === undefined) return short;
  return (
    <a href={url} rel="nofollow noopener noreferrer" aria-label={`Commit ${hash.slice(0, SHORT_HASH)} at its provider`}>
      {short}
    </a>
  );
}

/** The tag that a build has set or will set. */
export function BuiltTag({ repository, build }: { readonly repository: RepositoryName; readonly build: Build }): View {
  if (build.state !== 'success') return <span class="mono">{build.tag}</span>;
  return <a href={tagPath(repository, build.tag)}>{build.tag}</a>;
}

/** The manifest that a build has pushed; nothing if it has not. */
export function BuiltDigest({
  repository,
  build: { digest },
}: {
  readonly repository: RepositoryName;
  readonly build: Build;
}): View {
  if (digest === undefined) return <></>;
  return (
    <a class="mono" href={manifestPath(repository, digest)} title={digest}>
      {shortId(digest)}
    </a>
  );
}
