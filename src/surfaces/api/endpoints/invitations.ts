import { z } from 'zod';
import {
  acceptInvitation,
  declineInvitation,
  invite,
  listInvitations,
  listOwnInvitations,
  withdrawInvitation,
  type Invitation,
} from '../../../features/namespaces/invitations';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery, rangeOf } from '../paging';
import { organizationParams } from './organizations';
import { idParam, line, moment, nameParam } from './schemas';
import { teamParams } from './teams';
import { assertSelf, usernameParams } from './users';

/* Invitations to teams: owners send and withdraw them, and invited users accept or decline. */

const invitationSchema = z
  .strictObject({
    id: z.int(),
    organization: z.string(),
    team: z.string(),
    username: z.string().nullable().describe('The invited user'),
    email: z.string().nullable().describe('The invited email address'),
    invited_by: z.string(),
    date_created: moment,
    expires_at: moment,
  })
  .meta({ id: 'Invitation' });

function invitationBody(invitation: Invitation): z.input<typeof invitationSchema> {
  return {
    id: invitation.id,
    organization: invitation.organization,
    team: invitation.team,
    username: invitation.username ?? null,
    email: invitation.email ?? null,
    invited_by: invitation.invitedBy,
    date_created: invitation.createdAt.toISOString(),
    expires_at: invitation.expiresAt.toISOString(),
  };
}

const FACTS = { tag: 'invitations', access: 'account' } as const;

const postInvitation = endpoint({
  ...FACTS,
  method: 'post',
  path: '/api/v1.1/orgs/:org/teams/:team/invitations/',
  id: 'inviteToTeam',
  summary: 'Invite a user or an email address to a team by email; for owners',
  description: 'An earlier invitation of the same person to the team is withdrawn.',
  params: teamParams,
  body: z.union([z.strictObject({ username: nameParam }), z.strictObject({ email: line(255) })]),
  responses: { 201: { description: 'The invitation', body: invitationSchema } },
  errors: ['conflict'],
  handle: async (ctx, { params, body, caller }) => {
    const place = { organization: params.org, team: params.team };
    return reply(201, invitationBody(await invite(ctx, caller.actor, place, body)));
  },
});

const getInvitations = endpoint({
  ...FACTS,
  method: 'get',
  path: '/api/v1.1/orgs/:org/invitations/',
  id: 'listInvitations',
  summary: 'List the pending invitations of an organization; for owners',
  params: organizationParams,
  query: z.strictObject(pageQuery),
  responses: { 200: { description: 'A page of invitations, oldest first', body: pageOf(invitationSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const { total, invitations } = await listInvitations(ctx, caller.actor, params.org, rangeOf(query));
    return reply(200, paged(ctx, { req, query }, total, invitations.map(invitationBody)));
  },
});

const deleteInvitation = endpoint({
  ...FACTS,
  method: 'delete',
  path: '/api/v1.1/orgs/:org/invitations/:id/',
  id: 'withdrawInvitation',
  summary: 'Withdraw an invitation; for owners',
  params: z.object({ ...organizationParams.shape, id: idParam }),
  responses: { 204: { description: 'Done' } },
  handle: async (ctx, { params, caller }) => {
    await withdrawInvitation(ctx, caller.actor, params.org, params.id);
    return reply(204);
  },
});

const OWN = { ...FACTS, requiresPasswordLogin: true } as const;
const ownParams = z.object({ ...usernameParams.shape, id: idParam });

const getOwn = endpoint({
  ...OWN,
  method: 'get',
  path: '/api/v1.1/users/:username/invitations/',
  id: 'listOwnInvitations',
  summary: 'List the pending invitations to you and to your confirmed addresses',
  params: usernameParams,
  query: z.strictObject(pageQuery),
  responses: { 200: { description: 'A page of invitations, oldest first', body: pageOf(invitationSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    assertSelf(caller, params.username);
    const { total, invitations } = await listOwnInvitations(ctx, caller.actor, rangeOf(query));
    return reply(200, paged(ctx, { req, query }, total, invitations.map(invitationBody)));
  },
});

const ACCEPTED = { 200: { description: 'You are now a member of the team', body: invitationSchema } } as const;

const acceptOwn = endpoint({
  ...OWN,
  method: 'post',
  path: '/api/v1.1/users/:username/invitations/:id/accept/',
  id: 'acceptInvitation',
  summary: 'Accept an invitation to you',
  params: ownParams,
  responses: ACCEPTED,
  handle: async (ctx, { params, caller }) => {
    assertSelf(caller, params.username);
    return reply(200, invitationBody(await acceptInvitation(ctx, caller.actor, { id: params.id })));
  },
});

const declineOwn = endpoint({
  ...OWN,
  method: 'post',
  path: '/api/v1.1/users/:username/invitations/:id/decline/',
  id: 'declineInvitation',
  summary: 'Decline an invitation to you',
  params: ownParams,
  responses: { 204: { description: 'Done' } },
  handle: async (ctx, { params, caller }) => {
    assertSelf(caller, params.username);
    await declineInvitation(ctx, caller.actor, params.id);
    return reply(204);
  },
});

const acceptMailed = endpoint({
  ...OWN,
  method: 'post',
  path: '/api/v1.1/invitations/accept/',
  id: 'acceptMailedInvitation',
  summary: 'Accept the invitation in an emailed link, regardless of its recipient',
  body: z.strictObject({ secret: line(255).describe('The secret at the end of the link') }),
  responses: ACCEPTED,
  errors: ['not_found'],
  handle: async (ctx, { body, caller }) =>
    reply(200, invitationBody(await acceptInvitation(ctx, caller.actor, { secret: body.secret }))),
});

export const invitationEndpoints = [
  postInvitation,
  getInvitations,
  deleteInvitation,
  getOwn,
  acceptOwn,
  declineOwn,
  acceptMailed,
];
