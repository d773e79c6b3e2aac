import { z } from 'zod';
import { addTeamGroup, listTeamGroups, removeTeamGroup } from '../../../features/namespaces/team-groups';
import { endpoint, reply } from '../endpoint';
import { pagedWhole, pageOf, pageQuery } from '../paging';
import { line, moment } from './schemas';
import { placeOf, teamParams } from './teams';

/* The groups of the OpenID provider whose members are in a team. */

const FACTS = { tag: 'teams', access: 'account', params: teamParams } as const;
const PATH = '/api/v1.1/orgs/:org/teams/:team/groups/';

const groupSchema = z
  .strictObject({ name: z.string().describe('As the provider names it'), since: moment })
  .meta({ id: 'TeamGroup' });

const groupBody = z.strictObject({ group: line(255).min(1).describe('Exactly as the provider names it') });

const getAll = endpoint({
  ...FACTS,
  method: 'get',
  path: PATH,
  id: 'listTeamGroups',
  summary: 'List the groups of the OpenID provider whose members are in a team; for members of the organization',
  query: z.strictObject(pageQuery),
  responses: { 200: { description: 'A page of groups, by name', body: pageOf(groupSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const groups = await listTeamGroups(ctx, caller.actor, placeOf(params));
    const bodies = groups.map(({ name, since }) => ({ name, since: since.toISOString() }));
    return reply(200, pagedWhole(ctx, { req, query }, bodies));
  },
});

const postOne = endpoint({
  ...FACTS,
  method: 'post',
  path: PATH,
  id: 'addTeamGroup',
  summary: 'Have the members of a group join a team at their next sign-in; for site administrators',
  body: groupBody,
  responses: { 204: { description: 'Added, or already there' } },
  errors: ['conflict'],
  handle: async (ctx, { params, body, caller }) => {
    await addTeamGroup(ctx, caller.actor, placeOf(params), body.group);
    return reply(204);
  },
});

const deleteOne = endpoint({
  ...FACTS,
  method: 'delete',
  path: PATH,
  id: 'removeTeamGroup',
  summary: 'Take a group from a team, with the members that are in it only because of the group; for owners',
  body: groupBody,
  responses: { 204: { description: 'Removed' } },
  handle: async (ctx, { params, body, caller }) => {
    await removeTeamGroup(ctx, caller.actor, placeOf(params), body.group);
    return reply(204);
  },
});

export const teamGroupEndpoints = [getAll, postOne, deleteOne];
