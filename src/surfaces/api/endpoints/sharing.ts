import { z } from 'zod';
import { ACCESS_LEVELS } from '../../../features/access/actor';
import { addCollaborator, listCollaborators, removeCollaborator } from '../../../features/repositories/collaborators';
import { listTeamAccess, removeTeamAccess, setTeamAccess } from '../../../features/repositories/team-access';
import { endpoint, reply } from '../endpoint';
import { pagedWhole, pageOf, pageQuery } from '../paging';
import { administeredAsked, repositoryParams } from './repository-asked';
import { moment, nameParam } from './schemas';

/* Who else works on a repository: collaborators on a user's repository, teams on an organization's. */

const collaboratorSchema = z.strictObject({ username: z.string(), date_added: moment }).meta({ id: 'Collaborator' });

const getCollaborators = endpoint({
  method: 'get',
  path: '/api/v1.1/repositories/:namespace/:name/collaborators/',
  tag: 'sharing',
  access: 'account',
  id: 'listCollaborators',
  summary: 'List the collaborators of a repository; for its administrators',
  params: repositoryParams,
  query: z.strictObject(pageQuery),
  responses: { 200: { description: 'A page of results, by name', body: pageOf(collaboratorSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const collaborators = await listCollaborators(ctx, await administeredAsked(ctx, { caller, params }));
    const results = collaborators.map(({ username, since }) => ({ username, date_added: since.toISOString() }));
    return reply(200, pagedWhole(ctx, { req, query }, results));
  },
});

const COLLABORATOR = {
  path: '/api/v1.1/repositories/:namespace/:name/collaborators/:username/',
  tag: 'sharing',
  access: 'account',
  params: z.object({ ...repositoryParams.shape, username: nameParam }),
} as const;

const putCollaborator = endpoint({
  ...COLLABORATOR,
  method: 'put',
  id: 'addCollaborator',
  summary: "Add a collaborator, who can push to and pull from a user's repository",
  responses: { 201: { description: 'Added' }, 204: { description: 'Already a collaborator' } },
  errors: ['conflict'],
  handle: async (ctx, { params, caller }) => {
    const isNew = await addCollaborator(ctx, await administeredAsked(ctx, { caller, params }), params.username);
    return isNew ? reply(201) : reply(204);
  },
});

const deleteCollaborator = endpoint({
  ...COLLABORATOR,
  method: 'delete',
  id: 'removeCollaborator',
  summary: 'Remove a collaborator',
  responses: { 204: { description: 'Removed' } },
  handle: async (ctx, { params, caller }) => {
    await removeCollaborator(ctx, await administeredAsked(ctx, { caller, params }), params.username);
    return reply(204);
  },
});

const accessSchema = z.enum(ACCESS_LEVELS);
const teamAccessSchema = z.strictObject({ team: z.string(), access: accessSchema }).meta({ id: 'TeamAccess' });

const getTeams = endpoint({
  method: 'get',
  path: '/api/v1.1/repositories/:namespace/:name/teams/',
  tag: 'sharing',
  access: 'account',
  id: 'listRepositoryTeams',
  summary: 'List the teams with access to a repository; for its administrators',
  params: repositoryParams,
  query: z.strictObject(pageQuery),
  responses: { 200: { description: 'A page of results, by name', body: pageOf(teamAccessSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const teams = await listTeamAccess(ctx, await administeredAsked(ctx, { caller, params }));
    const results = teams.map(({ team, access }) => ({ team, access }));
    return reply(200, pagedWhole(ctx, { req, query }, results));
  },
});

const TEAM = {
  path: '/api/v1.1/repositories/:namespace/:name/teams/:team/',
  tag: 'sharing',
  access: 'account',
  params: z.object({ ...repositoryParams.shape, team: nameParam }),
} as const;

const putTeam = endpoint({
  ...TEAM,
  method: 'put',
  id: 'setTeamAccess',
  summary: 'Set the access of a team to a repository of its organization',
  description: 'Owners have access to everything, so setting theirs is a 409.',
  body: z.strictObject({ access: accessSchema }),
  responses: { 200: { description: "The team's access", body: teamAccessSchema } },
  errors: ['conflict'],
  handle: async (ctx, { params, body: { access }, caller }) => {
    const teamAccess = { team: params.team, access };
    await setTeamAccess(ctx, await administeredAsked(ctx, { caller, params }), teamAccess);
    return reply(200, teamAccess);
  },
});

const deleteTeam = endpoint({
  ...TEAM,
  method: 'delete',
  id: 'revokeTeamAccess',
  summary: "Revoke a team's access",
  responses: { 204: { description: 'Revoked' } },
  handle: async (ctx, { params, caller }) => {
    await removeTeamAccess(ctx, await administeredAsked(ctx, { caller, params }), params.team);
    return reply(204);
  },
});

export const sharingEndpoints = [getCollaborators, putCollaborator, deleteCollaborator, getTeams, putTeam, deleteTeam];
