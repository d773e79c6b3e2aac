import type { WebHandler, WebRow } from '../../access';
import { getApplications, postRevokeGrant } from './applications';
import { getData, postData } from './data';
import { getDeletion, postDeletion } from './deletion';
import { getEmails, postEmail, postPrimary, postRemove, postResend } from './emails';
import { getLinked, postUnlinkAccount } from './linked';
import { getLinkedBuild, postLinkedBuild } from './linked-build';
import { getLinkCallback, postConnect } from './linked-flow';
import { getLinkedRepositories } from './linked-repositories';
import { getPassword, postPassword } from './password';
import { getPlan } from './plan';
import { getProfilePage, postProfile } from './profile';
import { getRetention, postRetention, postRetentionRemoval } from './retention';
import { getSecondFactor, postBegin, postConfirm, postOff, postRenew } from './second-factor';
import { getSessions, postEnd, postEndOthers } from './sessions';
import { getTeams, postAccept, postDecline, postLeave } from './teams';
import { getTokens, postRevoke, postToken } from './tokens';
import { getUsername, postUsername } from './username';

function look(path: string, handle: WebHandler<'member'>): WebRow {
  return { method: 'get', path: `/account/${path}/`, access: 'member', handle };
}

function act(path: string, handle: WebHandler<'member-form'>): WebRow {
  return { method: 'post', path: `/account/${path}/`, access: 'member-form', handle };
}

/** The pages of the visitor's own account. */
export const accountRows: readonly WebRow[] = [
  look('settings', getProfilePage),
  act('settings', postProfile),
  look('username', getUsername),
  act('username', postUsername),
  look('emails', getEmails),
  act('emails', postEmail),
  act('emails/primary', postPrimary),
  act('emails/resend', postResend),
  act('emails/remove', postRemove),
  look('password', getPassword),
  act('password', postPassword),
  look('second-factor', getSecondFactor),
  act('second-factor/begin', postBegin),
  act('second-factor/confirm', postConfirm),
  act('second-factor/renew', postRenew),
  act('second-factor/off', postOff),
  look('tokens', getTokens),
  act('tokens', postToken),
  act('tokens/revoke', postRevoke),
  look('sessions', getSessions),
  act('sessions/end', postEnd),
  act('sessions/end-others', postEndOthers),
  look('applications', getApplications),
  act('applications/revoke', postRevokeGrant),
  look('linked', getLinked),
  act('linked/connect', postConnect),
  act('linked/unlink', postUnlinkAccount),
  look('linked/:provider/callback', getLinkCallback),
  look('linked/:provider', getLinkedRepositories),
  look('linked/:provider/add', getLinkedBuild),
  act('linked/:provider/add', postLinkedBuild),
  look('teams', getTeams),
  act('teams/accept', postAccept),
  act('teams/decline', postDecline),
  act('teams/leave', postLeave),
  look('plan', getPlan),
  look('retention', getRetention),
  act('retention', postRetention),
  act('retention/remove', postRetentionRemoval),
  look('data', getData),
  act('data', postData),
  look('delete', getDeletion),
  act('delete', postDeletion),
];
