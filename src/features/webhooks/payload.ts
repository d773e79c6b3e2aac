import type { RepositoryName } from '../access/actor';
import { displayName, fullName, LIBRARY } from '../repositories/names';
import type { PayloadRepositoryRow } from './webhooks.store';

/** The push that a delivery is about. */
export interface PayloadPush {
  readonly imageIds: readonly string[];
  readonly tag: string | undefined;
  /** of the manifest that clients of v2 get for the tag, if it is known */
  readonly digest?: string | undefined;
  readonly pusher: string;
  readonly pushedAt: Date;
}

/** Clients of the Hub read times as floats, so a whole second also has a fraction. */
function seconds(date: Date): string {
  return (date.getTime() / 1000).toFixed(3);
}

/** Within a value a quotation mark is escaped, so this only matches the two members. */
const TIMES = /"(pushed_at|date_created)":"([\d.]+)"/g;

function repositoryOfPayload(repository: PayloadRepositoryRow, repoUrl: string): object {
  const name: RepositoryName = { namespace: repository.namespace, name: repository.name };
  return {
    comment_count: repository.comment_count,
    date_created: seconds(repository.created_at),
    description: repository.description,
    ...(repository.is_automated ? { dockerfile: repository.dockerfile ?? '' } : {}),
    full_description: repository.full_description,
    is_official: repository.namespace === LIBRARY,
    is_private: repository.is_private,
    is_trusted: repository.is_automated,
    name: name.name,
    namespace: name.namespace,
    owner: name.namespace,
    repo_name: fullName(name),
    repo_url: repoUrl,
    star_count: repository.star_count,
    status: 'Active',
  };
}

function withTimes(payload: object): string {
  return JSON.stringify(payload).replace(TIMES, '"$1":$2');
}

/**
 * The payload of a delivery about a push (protocol 6.3), as JSON without its first member, the callback URL:
 * `withCallback` adds that before sending.
 *
 * @param repoUrl - the URL of the repository's page
 */
export function payloadText(push: PayloadPush, repository: PayloadRepositoryRow, repoUrl: string): string {
  const payload = {
    push_data: {
      images: push.imageIds,
      pushed_at: seconds(push.pushedAt),
      pusher: push.pusher,
      ...(push.tag === undefined ? {} : { tag: push.tag }),
      ...(push.digest === undefined ? {} : { digest: push.digest }),
    },
    repository: repositoryOfPayload(repository, repoUrl),
  };
  return withTimes(payload);
}

/** The payload of a delivery about the end of a build: it has no `push_data`, so that nobody takes it for a push. */
export function payloadOfBuild(build: object, repository: PayloadRepositoryRow, repoUrl: string): string {
  return withTimes({ build, repository: repositoryOfPayload(repository, repoUrl) });
}

/** The path of a repository's page, as the Hub had it. */
export function pagePath(name: RepositoryName): string {
  return name.namespace === LIBRARY ? `/_/${displayName(name)}/` : `/u/${fullName(name)}/`;
}

/** The whole body. */
export function withCallback(text: string, callbackUrl: string): string {
  return `{"callback_url":${JSON.stringify(callbackUrl)},${text.slice(1)}`;
}

/** The repository that a payload is about, by its name at that time. */
export function repositoryOf(text: string): RepositoryName {
  const { repository } = JSON.parse(text) as { repository: RepositoryName };
  return { namespace: repository.namespace, name: repository.name };
}
