import type { WebRow } from '../../access';
import { repositoryRows } from '../../repository-path';
import { getRule, getRules, postRule, postRuleChanges, postRuleRemoval } from './rules';
import { getSourcePage, postHook, postSource, postSourceChanges, postSourceRemoval } from './source';
import { getTriggers, postLink, postLinkRemoval, postSchedule, postTrigger, postTriggerRemoval } from './triggers';

const BUILDS = 'settings/builds/';
const RULE = `${BUILDS}rules/:rule/`;

/** The settings of automated builds, for administrators of the repository. */
export const buildSettingsRows: readonly WebRow[] = [
  ...repositoryRows('get', BUILDS, 'member', getSourcePage),
  ...repositoryRows('post', BUILDS, 'member-form', postSource),
  ...repositoryRows('post', `${BUILDS}change/`, 'member-form', postSourceChanges),
  ...repositoryRows('post', `${BUILDS}hook/`, 'member-form', postHook),
  ...repositoryRows('post', `${BUILDS}remove/`, 'member-form', postSourceRemoval),
  ...repositoryRows('get', `${BUILDS}rules/`, 'member', getRules),
  ...repositoryRows('post', `${BUILDS}rules/`, 'member-form', postRule),
  ...repositoryRows('get', RULE, 'member', getRule),
  ...repositoryRows('post', RULE, 'member-form', postRuleChanges),
  ...repositoryRows('post', `${RULE}delete/`, 'member-form', postRuleRemoval),
  ...repositoryRows('get', `${BUILDS}triggers/`, 'member', getTriggers),
  ...repositoryRows('post', `${BUILDS}trigger/`, 'member-form', postTrigger),
  ...repositoryRows('post', `${BUILDS}trigger/remove/`, 'member-form', postTriggerRemoval),
  ...repositoryRows('post', `${BUILDS}schedule/`, 'member-form', postSchedule),
  ...repositoryRows('post', `${BUILDS}links/`, 'member-form', postLink),
  ...repositoryRows('post', `${BUILDS}links/remove/`, 'member-form', postLinkRemoval),
];
