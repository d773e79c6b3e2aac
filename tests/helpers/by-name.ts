/*
 * Functions of features as a surface calls them: the named repository is authorised for an actor and passed on. A test
 * of a rule says who asks for what, and sees the refusals of both.
 */

import type { Needs } from '../../src/context';
import type { Actor, RepositoryName } from '../../src/features/access/actor';
import * as browse from '../../src/features/images/browse';
import * as history from '../../src/features/images/history';
import * as tree from '../../src/features/images/tree';
import * as imageLists from '../../src/features/pushes/image-lists';
import * as collaborators from '../../src/features/repositories/collaborators';
import * as deletion from '../../src/features/repositories/deletion';
import * as immutableTags from '../../src/features/repositories/immutable-tags';
import * as moving from '../../src/features/repositories/moving';
import * as repositoryDetails from '../../src/features/repositories/repository-details';
import * as repositorySettings from '../../src/features/repositories/repository-settings';
import * as teamAccess from '../../src/features/repositories/team-access';
import * as visibility from '../../src/features/repositories/visibility';
import * as commentFlags from '../../src/features/social/comment-flags';
import * as comments from '../../src/features/social/comments';
import * as stars from '../../src/features/social/stars';
import * as statistics from '../../src/features/statistics/statistics';
import * as tagHistory from '../../src/features/tags/tag-history';
import * as tagPages from '../../src/features/tags/tag-pages';
import * as tagDeletion from '../../src/features/tags/tag-deletion';
import * as tags from '../../src/features/tags/tags';
import * as deliveries from '../../src/features/webhooks/deliveries';
import * as pushDeliveries from '../../src/features/webhooks/push-deliveries';
import * as webhooks from '../../src/features/webhooks/webhooks';
import type {
  AdministeredRepository,
  DeletableRepository,
  ParticipantRepository,
  ReadableRepository,
  VisibleRepository,
  WritableRepository,
} from '../../src/features/repositories/access';
import {
  getAdministered,
  getDeletable,
  getParticipant,
  getReadable,
  getVisible,
  getWritable,
} from '../../src/features/repositories/get-repository';

type Get<R> = (ctx: Needs<'db'>, actor: Actor, name: RepositoryName) => Promise<R>;
type Work<R, C, A extends unknown[], T> = (ctx: C, repository: R, ...rest: A) => Promise<T>;
type ByName<C, A extends unknown[], T> = (
  ctx: C & Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
  ...rest: A
) => Promise<T>;

function byName<R, C, A extends unknown[], T>(get: Get<R>, work: Work<R, C, A, T>): ByName<C, A, T> {
  return async (ctx, actor, name, ...rest) => work(ctx, await get(ctx, actor, name), ...rest);
}

function reading<C, A extends unknown[], T>(work: Work<ReadableRepository, C, A, T>): ByName<C, A, T> {
  return byName((ctx, actor, name) => getReadable(ctx, actor, name, { followsAliases: true }), work);
}
function showing<C, A extends unknown[], T>(work: Work<VisibleRepository, C, A, T>): ByName<C, A, T> {
  return byName((ctx, actor, name) => getVisible(ctx, actor, name, { followsAliases: true }), work);
}
function writing<C, A extends unknown[], T>(work: Work<WritableRepository, C, A, T>): ByName<C, A, T> {
  return byName(getWritable, work);
}
function administering<C, A extends unknown[], T>(work: Work<AdministeredRepository, C, A, T>): ByName<C, A, T> {
  return byName(getAdministered, work);
}
function participating<C, A extends unknown[], T>(work: Work<ParticipantRepository, C, A, T>): ByName<C, A, T> {
  return byName(getParticipant, work);
}
function deleting<C, A extends unknown[], T>(work: Work<DeletableRepository, C, A, T>): ByName<C, A, T> {
  return byName(getDeletable, work);
}
function throughIndex<C, A extends unknown[], T>(work: Work<DeletableRepository, C, A, T>): ByName<C, A, T> {
  return byName(deletion.getIndexDeletable, work);
}
function throughRegistry<C, A extends unknown[], T>(work: Work<DeletableRepository, C, A, T>): ByName<C, A, T> {
  return byName(deletion.getRegistryDeletable, work);
}

export const browseImageFiles = reading(browse.browseImageFiles);
export const imageHistory = reading(history.imageHistory);
export const imageTree = reading(tree.imageTree);
export const finishPush = writing(imageLists.finishPush);
export const addCollaborator = administering(collaborators.addCollaborator);
export const listCollaborators = administering(collaborators.listCollaborators);
export const removeCollaborator = administering(collaborators.removeCollaborator);
export const deleteAtOnce = deleting(deletion.deleteAtOnce);
export const deleteThroughIndex = throughIndex(deletion.deleteThroughIndex);
export const deleteThroughRegistry = throughRegistry(deletion.deleteThroughRegistry);
export const setImmutableTags = administering(immutableTags.setImmutableTags);
export const listAliases = administering(moving.listAliases);
export const moveRepository = administering(moving.moveRepository);
export const removeAlias = administering(moving.removeAlias);
export const getRepositoryDetails = showing((ctx: Needs<'db'>, repository: VisibleRepository) =>
  repositoryDetails.getRepositoryDetails(ctx, repository),
);
export const updateDescriptions = administering(repositoryDetails.updateDescriptions);
export const changeSettings = administering(repositorySettings.changeSettings);
export const listTeamAccess = administering(teamAccess.listTeamAccess);
export const setTeamAccess = administering(teamAccess.setTeamAccess);
export const setVisibility = administering(visibility.setVisibility);
export const dismissFlags = administering(commentFlags.dismissFlags);
export const flagComment = participating(commentFlags.flagComment);
export const listFlaggedComments = administering(commentFlags.listFlaggedComments);
export const addComment = participating(comments.addComment);
export const deleteComment = participating(comments.deleteComment);
export const listComments = reading(comments.listComments);
export const listStargazers = reading(stars.listStargazers);
export const setStar = participating(stars.setStar);
export const getActivityTotals = showing(statistics.getActivityTotals);
export const listDailyActivity = reading(statistics.listDailyActivity);
export const listLastDays = reading(statistics.listLastDays);
export const reportEngines = administering(statistics.reportEngines);
export const listTagHistory = reading(tagHistory.listTagHistory);
export const restoreTag = writing(tagHistory.restoreTag);
export const listTagPage = reading(tagPages.listTagPage);
export const deleteTag = throughRegistry(tagDeletion.deleteTag);
export const getTag = reading(tags.getTag);
export const putTag = writing(tags.putTag);
export const getDelivery = administering(deliveries.getDelivery);
export const listDeliveries = administering(deliveries.listDeliveries);
export const redeliver = administering(pushDeliveries.redeliver);
export const sendTest = administering(pushDeliveries.sendTest);
export const createWebhook = administering(webhooks.createWebhook);
export const deleteWebhook = administering(webhooks.deleteWebhook);
export const getWebhook = administering(webhooks.getWebhook);
export const listWebhooks = administering(webhooks.listWebhooks);
export const updateWebhook = administering(webhooks.updateWebhook);
