import type { WebRow } from '../../access';
import { getAddOrganization, getOrganizations, postAddOrganization } from './list';
import { getOverview } from './overview';
import { getInvitations, getMembers, postInvitations, postWithdraw } from './people';
import { getPlan, postAssignPlan, postDefaultVisibility } from './plan';
import { getRetention, postRetention, postRetentionRemoval } from './retention';
import { getRobot, postRevokeRobotToken, postRobotToken } from './robot';
import { getRobots, postDeleteRobot, postRobots } from './robots';
import { getSettings, postDeletion, postRename, postSettings } from './settings';
import { getTeamPage, postAddGroup, postAddMember, postInvite, postRemoveGroup, postRemoveMember } from './team';
import { getTeams, postDeleteTeam, postTeamDescription, postTeams } from './teams';

const ORG = '/organizations/:org';
const TEAM = `${ORG}/teams/:team`;
const ROBOT = `${ORG}/robots/:robot`;

/** Organizations, for their members and owners. */
export const organizationRows: readonly WebRow[] = [
  { method: 'get', path: '/organizations/', access: 'member', handle: getOrganizations },
  { method: 'get', path: '/organizations/add/', access: 'member', handle: getAddOrganization },
  { method: 'post', path: '/organizations/add/', access: 'member-form', handle: postAddOrganization },
  { method: 'get', path: `${ORG}/`, access: 'member', handle: getOverview },
  { method: 'get', path: `${ORG}/members/`, access: 'member', handle: getMembers },
  { method: 'get', path: `${ORG}/teams/`, access: 'member', handle: getTeams },
  { method: 'post', path: `${ORG}/teams/`, access: 'member-form', handle: postTeams },
  { method: 'get', path: `${TEAM}/`, access: 'member', handle: getTeamPage },
  { method: 'post', path: `${TEAM}/invite/`, access: 'member-form', handle: postInvite },
  { method: 'post', path: `${TEAM}/members/`, access: 'member-form', handle: postAddMember },
  { method: 'post', path: `${TEAM}/remove/`, access: 'member-form', handle: postRemoveMember },
  { method: 'post', path: `${TEAM}/groups/`, access: 'member-form', handle: postAddGroup },
  { method: 'post', path: `${TEAM}/groups/remove/`, access: 'member-form', handle: postRemoveGroup },
  { method: 'post', path: `${TEAM}/description/`, access: 'member-form', handle: postTeamDescription },
  { method: 'post', path: `${TEAM}/delete/`, access: 'member-form', handle: postDeleteTeam },
  { method: 'get', path: `${ORG}/invitations/`, access: 'member', handle: getInvitations },
  { method: 'post', path: `${ORG}/invitations/`, access: 'member-form', handle: postInvitations },
  { method: 'post', path: `${ORG}/invitations/withdraw/`, access: 'member-form', handle: postWithdraw },
  { method: 'get', path: `${ORG}/robots/`, access: 'member', handle: getRobots },
  { method: 'post', path: `${ORG}/robots/`, access: 'member-form', handle: postRobots },
  { method: 'get', path: `${ROBOT}/`, access: 'member', handle: getRobot },
  { method: 'post', path: `${ROBOT}/`, access: 'member-form', handle: postRobotToken },
  { method: 'post', path: `${ROBOT}/revoke/`, access: 'member-form', handle: postRevokeRobotToken },
  { method: 'post', path: `${ROBOT}/delete/`, access: 'member-form', handle: postDeleteRobot },
  { method: 'get', path: `${ORG}/plan/`, access: 'member', handle: getPlan },
  { method: 'post', path: `${ORG}/plan/`, access: 'member-form', handle: postDefaultVisibility },
  { method: 'post', path: `${ORG}/plan/assign/`, access: 'administrator-form', handle: postAssignPlan },
  { method: 'get', path: `${ORG}/retention/`, access: 'member', handle: getRetention },
  { method: 'post', path: `${ORG}/retention/`, access: 'member-form', handle: postRetention },
  { method: 'post', path: `${ORG}/retention/remove/`, access: 'member-form', handle: postRetentionRemoval },
  { method: 'get', path: `${ORG}/settings/`, access: 'member', handle: getSettings },
  { method: 'post', path: `${ORG}/settings/`, access: 'member-form', handle: postSettings },
  { method: 'post', path: `${ORG}/rename/`, access: 'member-form', handle: postRename },
  { method: 'post', path: `${ORG}/delete/`, access: 'member-form', handle: postDeletion },
];
