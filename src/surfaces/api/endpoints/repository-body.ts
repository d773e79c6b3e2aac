import { z } from 'zod';
import type { Context } from '../../../context';
import type { RepositoryName } from '../../../features/access/actor';
import { VISIBILITIES } from '../../../features/access/policy';
import { REPOSITORY_STATES } from '../../../features/access/repository-states';
import type { VisibleRepository } from '../../../features/repositories/access';
import type { ListedRepository } from '../../../features/repositories/listings';
import { getRepositoryDetails, type RepositoryDetails } from '../../../features/repositories/repository-details';
import { getActivityTotals, type ActivityTotals } from '../../../features/statistics/statistics';
import { moment } from './schemas';

/* A repository as the API shows it: in a list, and on its own. */

/** A repository in a list. */
export const repositorySchema = z
  .strictObject({
    namespace: z.string(),
    name: z.string(),
    description: z.string(),
    visibility: z.enum(VISIBILITIES),
    is_private: z.boolean(),
    is_automated: z.boolean(),
    is_official: z.boolean(),
    status: z
      .enum(REPOSITORY_STATES)
      .describe(
        '`Initialized` until a push has finished; `deleting` when a v1 client has started to delete it: DELETE finishes that',
      ),
    star_count: z.int(),
    tag_count: z.int(),
    date_created: moment,
    last_updated: moment,
  })
  .meta({ id: 'Repository' });

/** A repository on its own. */
export const repositoryDetailsSchema = z
  .strictObject({
    ...repositorySchema.shape,
    full_description: z.string().describe('Markdown'),
    immutable_tags: z.array(z.string()).describe('Patterns with * and ? of the tags that cannot be moved or deleted'),
    comment_count: z.int(),
    pull_count: z.int(),
    push_count: z.int(),
    is_starred: z.boolean().describe('Whether you have starred it'),
    can_write: z.boolean().describe('Whether you can push to it'),
    can_administer: z.boolean().describe('Whether you can change its settings, share, rename and delete it'),
  })
  .meta({ id: 'RepositoryDetails' });

/** The fields of the details that people can change; the version of a repository covers only these. */
export const SETTINGS = ['description', 'full_description', 'visibility', 'immutable_tags'] as const;

/** A repository in a list. */
export function repositoryBody(repository: ListedRepository): z.input<typeof repositorySchema> {
  return {
    namespace: repository.namespace,
    name: repository.name,
    description: repository.description,
    visibility: repository.visibility,
    is_private: repository.visibility === 'private',
    is_automated: repository.isAutomated,
    is_official: repository.isOfficial,
    status: repository.state,
    star_count: repository.starCount,
    tag_count: repository.tagCount,
    date_created: repository.createdAt.toISOString(),
    last_updated: repository.updatedAt.toISOString(),
  };
}

/** The fields of `SETTINGS`, with their values in the details. */
export function settingsBody(
  details: RepositoryDetails,
): Pick<z.input<typeof repositoryDetailsSchema>, (typeof SETTINGS)[number]> {
  return {
    description: details.description,
    full_description: details.fullDescription,
    visibility: details.visibility,
    immutable_tags: [...details.immutableTags],
  };
}

function detailsBody(
  details: RepositoryDetails,
  { pulls, pushes }: ActivityTotals,
): z.input<typeof repositoryDetailsSchema> {
  return {
    ...repositoryBody(details),
    ...settingsBody(details),
    comment_count: details.commentCount,
    pull_count: pulls,
    push_count: pushes,
    is_starred: details.isStarred,
    can_write: details.canWrite,
    can_administer: details.canAdminister,
  };
}

/** Reads the details of a repository. */
export async function readDetails(
  ctx: Context,
  repository: VisibleRepository,
): Promise<z.input<typeof repositoryDetailsSchema>> {
  const details = await getRepositoryDetails(ctx, repository);
  return detailsBody(details, await getActivityTotals(ctx, repository));
}

/** The path of a repository in the API. */
export function repositoryPath({ namespace, name }: RepositoryName): string {
  return `/api/v1.1/repositories/${namespace}/${name}/`;
}
