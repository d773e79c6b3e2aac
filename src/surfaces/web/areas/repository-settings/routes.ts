import type { WebRow } from '../../access';
import { repositoryRows } from '../../repository-path';
import { getCollaborators, postCollaborator, postCollaboratorRemoval } from './collaborators';
import { getDeliveryPage, getDeliveryProgress, postRedelivery } from './delivery';
import { getDelete, postDelete } from './delete';
import { getGeneral, postGeneral } from './general';
import { getImmutableTags, postImmutableTags } from './immutable-tags';
import { getMove, postAliasRemoval, postMove } from './move';
import { getRetentionPage, postRetention, postRetentionRemoval, postRetentionRun } from './retention';
import { getTeams, postTeam, postTeamRemoval } from './teams';
import { getWebhookPage, postWebhookChanges, postWebhookRemoval, postWebhookTest } from './webhook';
import { getWebhooks, postWebhook } from './webhooks';

const WEBHOOK = 'settings/webhooks/:webhook/';
const DELIVERY = `${WEBHOOK}deliveries/:delivery/`;

/** The settings of a repository, for its administrators. */
export const repositorySettingsRows: readonly WebRow[] = [
  ...repositoryRows('get', 'settings/', 'member', getGeneral),
  ...repositoryRows('post', 'settings/', 'member-form', postGeneral),
  ...repositoryRows('get', 'settings/collaborators/', 'member', getCollaborators),
  ...repositoryRows('post', 'settings/collaborators/', 'member-form', postCollaborator),
  ...repositoryRows('post', 'settings/collaborators/remove/', 'member-form', postCollaboratorRemoval),
  ...repositoryRows('get', 'settings/teams/', 'member', getTeams),
  ...repositoryRows('post', 'settings/teams/', 'member-form', postTeam),
  ...repositoryRows('post', 'settings/teams/remove/', 'member-form', postTeamRemoval),
  ...repositoryRows('get', 'settings/tags/', 'member', getImmutableTags),
  ...repositoryRows('post', 'settings/tags/', 'member-form', postImmutableTags),
  ...repositoryRows('get', 'settings/retention/', 'member', getRetentionPage),
  ...repositoryRows('post', 'settings/retention/', 'member-form', postRetention),
  ...repositoryRows('post', 'settings/retention/remove/', 'member-form', postRetentionRemoval),
  ...repositoryRows('post', 'settings/retention/run/', 'member-form', postRetentionRun),
  ...repositoryRows('get', 'settings/webhooks/', 'member', getWebhooks),
  ...repositoryRows('post', 'settings/webhooks/', 'member-form', postWebhook),
  ...repositoryRows('get', WEBHOOK, 'member', getWebhookPage),
  ...repositoryRows('post', WEBHOOK, 'member-form', postWebhookChanges),
  ...repositoryRows('post', `${WEBHOOK}delete/`, 'member-form', postWebhookRemoval),
  ...repositoryRows('post', `${WEBHOOK}test/`, 'member-form', postWebhookTest),
  ...repositoryRows('get', DELIVERY, 'member', getDeliveryPage),
  ...repositoryRows('get', `${DELIVERY}progress/`, 'member', getDeliveryProgress),
  ...repositoryRows('post', `${DELIVERY}again/`, 'member-form', postRedelivery),
  ...repositoryRows('get', 'settings/move/', 'member', getMove),
  ...repositoryRows('post', 'settings/move/', 'member-form', postMove),
  ...repositoryRows('post', 'settings/move/aliases/remove/', 'member-form', postAliasRemoval),
  ...repositoryRows('get', 'settings/delete/', 'member', getDelete),
  ...repositoryRows('post', 'settings/delete/', 'member-form', postDelete),
];
