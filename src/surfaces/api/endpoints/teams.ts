import { z } from 'zod';
import { addMember, listMembers, removeMember } from '../../../features/namespaces/team-members';
import { deleteTeam, listTeams, putTeam, showTeam, type Team } from '../../../features/namespaces/teams';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery, rangeOf } from '../paging';
import { organizationParams } from './organizations';
import { line, moment, nameParam } from './schemas';

/* Teams of an organization, and who is in them. */

const teamSchema = z
  .strictObject({
    name: z.string(),
    description: z.string(),
    is_owners: z.boolean().describe('Whether its members own the organization'),
    member_count: z.int(),
  })
  .meta({ id: 'Team' });

function teamBody(team: Team): z.input<typeof teamSchema> {
  return {
    name: team.name,
    description: team.description,
    is_owners: team.isOwners,
    member_count: team.memberCount,
  };
}

export const teamParams = z.object({ org: nameParam, team: nameParam });

/** The team that a path names. */
export function placeOf(params: z.output<typeof teamParams>): { organization: string; team: string } {
  return { organization: params.org, team: params.team };
}

const FACTS = { tag: 'teams', access: 'account' } as const;
const ONE = { ...FACTS, path: '/api/v1.1/orgs/:org/teams/:team/', params: teamParams } as const;

const getTeams = endpoint({
  ...FACTS,
  method: 'get',
  path: '/api/v1.1/orgs/:org/teams/',
  id: 'listTeams',
  summary: 'List the teams of an organization; for its members',
  params: organizationParams,
  query: z.strictObject(pageQuery),
  responses: { 200: { description: 'A page of teams, owners first, then by name', body: pageOf(teamSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const { total, teams } = await listTeams(ctx, caller.actor, params.org, rangeOf(query));
    return reply(200, paged(ctx, { req, query }, total, teams.map(teamBody)));
  },
});

const getOne = endpoint({
  ...ONE,
  method: 'get',
  id: 'getTeam',
  summary: 'Show a team; for members of the organization',
  responses: { 200: { description: 'The team', body: teamSchema } },
  etag: 'sent',
  handle: async (ctx, { params, caller }) => reply(200, teamBody(await showTeam(ctx, caller.actor, placeOf(params)))),
});

const putOne = endpoint({
  ...ONE,
  method: 'put',
  id: 'setTeam',
  summary: 'Create a team or change its description; for owners',
  body: z.strictObject({ description: line(255).default('') }),
  responses: {
    200: { description: 'The updated team', body: teamSchema },
    201: { description: 'The new team', body: teamSchema },
  },
  etag: 'heeded',
  errors: ['conflict'],
  handle: async (ctx, { params, body, caller, assertCurrent }) => {
    const team = { name: params.team, description: body.description };
    const assertTeam = (current: Team | undefined): void =>
      assertCurrent(current === undefined ? null : teamBody(current));
    const isNew = await putTeam(ctx, caller.actor, params.org, team, assertTeam);
    return reply(isNew ? 201 : 200, teamBody(await showTeam(ctx, caller.actor, placeOf(params))));
  },
});

const deleteOne = endpoint({
  ...ONE,
  method: 'delete',
  id: 'deleteTeam',
  summary: "Delete a team and its members' access through it; for owners",
  responses: { 204: { description: 'Deleted' } },
  errors: ['conflict'],
  handle: async (ctx, { params, caller }) => {
    await deleteTeam(ctx, caller.actor, params.org, params.team);
    return reply(204);
  },
});

const memberSchema = z
  .strictObject({
    username: z.string(),
    is_robot: z.boolean(),
    date_joined: moment,
    group: z
      .string()
      .nullable()
      .describe('The group of the OpenID provider that is the reason; null: a person added them'),
  })
  .meta({ id: 'TeamMember' });

const getMembers = endpoint({
  ...ONE,
  method: 'get',
  path: '/api/v1.1/orgs/:org/teams/:team/members/',
  id: 'listTeamMembers',
  summary: 'List the members of a team; for members of the organization',
  query: z.strictObject(pageQuery),
  responses: { 200: { description: 'A page of members, by name', body: pageOf(memberSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const { total, members } = await listMembers(ctx, caller.actor, placeOf(params), rangeOf(query));
    const results = members.map(({ username, isRobot, since, group }) => ({
      username,
      is_robot: isRobot,
      date_joined: since.toISOString(),
      group: group ?? null,
    }));
    return reply(200, paged(ctx, { req, query }, total, results));
  },
});

const MEMBER = {
  ...FACTS,
  path: '/api/v1.1/orgs/:org/teams/:team/members/:username/',
  params: z.object({ ...teamParams.shape, username: nameParam }),
} as const;

const putMember = endpoint({
  ...MEMBER,
  method: 'put',
  id: 'addTeamMember',
  summary: 'Add a member without an invitation: owners can add robots, site administrators anyone',
  responses: { 204: { description: 'Added' } },
  errors: ['conflict'],
  handle: async (ctx, { params, caller }) => {
    await addMember(ctx, caller.actor, placeOf(params), params.username);
    return reply(204);
  },
});

const deleteMember = endpoint({
  ...MEMBER,
  method: 'delete',
  id: 'removeTeamMember',
  summary: 'Remove a member or leave a team; the last owner cannot leave',
  responses: { 204: { description: 'Removed' } },
  errors: ['conflict'],
  handle: async (ctx, { params, caller }) => {
    await removeMember(ctx, caller.actor, placeOf(params), params.username);
    return reply(204);
  },
});

export const teamEndpoints = [getTeams, getOne, putOne, deleteOne, getMembers, putMember, deleteMember];
