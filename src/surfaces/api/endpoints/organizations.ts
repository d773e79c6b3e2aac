import { z } from 'zod';
import {
  getOrganization,
  updateOrganization,
  type OrganizationProfile,
} from '../../../features/namespaces/organization-profiles';
import {
  convertUser,
  createOrganization,
  deleteOrganization,
  listOrganizationMembers,
  listOrganizations,
} from '../../../features/namespaces/organizations';
import { renameOrganization } from '../../../features/repositories/renaming';
import { endpoint, reply } from '../endpoint';
import { booleanQuery, paged, pageOf, pageQuery, rangeOf } from '../paging';
import { line, moment, nameParam } from './schemas';
import { profileBody, profileChanges, profileSchema, shownProfile, usernameParams } from './users';

/* Organizations: namespaces that several users share. Teams, invitations and robots have their own files. */

export const organizationParams = z.object({ org: nameParam });

const listedSchema = z
  .strictObject({
    name: z.string(),
    plan: z.string(),
    team_count: z.int(),
    member_count: z.int(),
    date_created: moment,
  })
  .meta({ id: 'ListedOrganization' });

const organizationSchema = z
  .strictObject({
    name: z.string(),
    url: z.string().describe('Path of the organization in this API'),
    type: z.literal('Organization'),
    date_created: moment,
    ...shownProfile,
  })
  .meta({ id: 'Organization' });

function organizationBody(profile: OrganizationProfile): z.input<typeof organizationSchema> {
  return {
    name: profile.name,
    url: `/api/v1.1/orgs/${profile.name}/`,
    type: 'Organization',
    date_created: profile.createdAt.toISOString(),
    ...profileBody(profile),
  };
}

const ALL = { path: '/api/v1.1/orgs/', tag: 'organizations', access: 'account' } as const;
const ONE = { ...ALL, path: '/api/v1.1/orgs/:org/', params: organizationParams } as const;

const getOrganizations = endpoint({
  ...ALL,
  method: 'get',
  id: 'listOrganizations',
  summary: 'List the organizations you are a member of',
  query: z.strictObject({
    ...pageQuery,
    all: booleanQuery.describe('List every organization; for site administrators'),
    name: line(255).optional().describe('Part of the name'),
  }),
  responses: { 200: { description: 'A page of results, by name', body: pageOf(listedSchema) } },
  handle: async (ctx, { req, query, caller }) => {
    const filter = { range: rangeOf(query), isForAll: query.all === true, text: query.name };
    const { total, organizations } = await listOrganizations(ctx, caller.actor, filter);
    const results = organizations.map((organization) => ({
      name: organization.name,
      plan: organization.plan,
      team_count: organization.teamCount,
      member_count: organization.memberCount,
      date_created: organization.createdAt.toISOString(),
    }));
    return reply(200, paged(ctx, { req, query }, total, results));
  },
});

const MADE = {
  description: 'The organization',
  body: organizationSchema,
  headers: { Location: 'Path of the organization' },
} as const;

const postOrganization = endpoint({
  ...ALL,
  method: 'post',
  id: 'createOrganization',
  summary: 'Create an organization, with you as its owner',
  body: z.strictObject({
    name: line(255).describe('Follows the rules for usernames; users and organizations share one set of names'),
  }),
  responses: { 201: MADE },
  errors: ['conflict'],
  handle: async (ctx, { body, caller }) => {
    await createOrganization(ctx, caller.actor, body.name);
    const made = organizationBody(await getOrganization(ctx, caller.actor, body.name));
    return reply(201, made, { Location: made.url });
  },
});

const getOne = endpoint({
  ...ONE,
  method: 'get',
  id: 'getOrganization',
  summary: 'Show an organization; for its members',
  responses: { 200: { description: 'The organization', body: organizationSchema } },
  etag: 'sent',
  handle: async (ctx, { params, caller }) =>
    reply(200, organizationBody(await getOrganization(ctx, caller.actor, params.org))),
});

const patchOne = endpoint({
  ...ONE,
  method: 'patch',
  id: 'updateOrganization',
  summary: 'Change the profile of an organization; for its owners',
  body: profileSchema,
  responses: { 200: { description: 'The updated organization', body: organizationSchema } },
  etag: 'heeded',
  handle: async (ctx, { params, body, caller, assertCurrent }) => {
    const changes = profileChanges(body);
    const assertProfile = (current: OrganizationProfile): void => assertCurrent(organizationBody(current));
    const profile = await updateOrganization(ctx, caller.actor, params.org, changes, assertProfile);
    return reply(200, organizationBody(profile));
  },
});

const deleteOne = endpoint({
  ...ONE,
  method: 'delete',
  id: 'deleteOrganization',
  summary: 'Delete an organization that has no repositories; for its owners',
  responses: { 204: { description: 'Deleted' } },
  errors: ['conflict'],
  handle: async (ctx, { params, caller }) => {
    await deleteOrganization(ctx, caller.actor, params.org);
    return reply(204);
  },
});

const rename = endpoint({
  ...ONE,
  method: 'post',
  path: '/api/v1.1/orgs/:org/rename/',
  id: 'renameOrganization',
  summary: 'Rename an organization with its repositories and robots; for its owners',
  description:
    'Pulls and logins of robots by the old names still work, and nobody else can take the name. Pushes need the new one. ' +
    'Owners can rename an organization three times in 30 days.',
  body: z.strictObject({ name: line(255).describe('The new name') }),
  responses: {
    200: { description: 'The renamed organization', body: organizationSchema, headers: { Location: 'Its path' } },
  },
  errors: ['conflict'],
  handle: async (ctx, { params, body, caller }) => {
    const name = await renameOrganization(ctx, caller.actor, params.org, body.name);
    const renamed = organizationBody(await getOrganization(ctx, caller.actor, name));
    return reply(200, renamed, { Location: renamed.url });
  },
});

const memberSchema = z
  .strictObject({ username: z.string(), is_robot: z.boolean(), teams: z.array(z.string()) })
  .meta({ id: 'OrganizationMember' });

const getMembers = endpoint({
  ...ONE,
  method: 'get',
  path: '/api/v1.1/orgs/:org/members/',
  id: 'listOrganizationMembers',
  summary: 'List the members of all teams of an organization; for its members',
  query: z.strictObject(pageQuery),
  responses: { 200: { description: 'A page of results, by name', body: pageOf(memberSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const { total, members } = await listOrganizationMembers(ctx, caller.actor, params.org, rangeOf(query));
    const results = members.map(({ username, isRobot, teams }) => ({ username, is_robot: isRobot, teams: [...teams] }));
    return reply(200, paged(ctx, { req, query }, total, results));
  },
});

const convert = endpoint({
  method: 'post',
  path: '/api/v1.1/users/:username/convert/',
  tag: 'administration',
  access: 'administrator',
  id: 'convertToOrganization',
  summary: 'Turn a user into an organization',
  description:
    'The repositories are kept. The account is deleted, with its password, email addresses, access tokens and memberships.',
  params: usernameParams,
  body: z.strictObject({ owner: nameParam.describe('The user who will own the organization') }),
  responses: { 201: MADE },
  errors: ['conflict'],
  handle: async (ctx, { params, body, caller }) => {
    await convertUser(ctx, caller.actor, params.username, body.owner);
    const made = organizationBody(await getOrganization(ctx, caller.actor, params.username));
    return reply(201, made, { Location: made.url });
  },
});

export const organizationEndpoints = [
  getOrganizations,
  postOrganization,
  getOne,
  patchOne,
  rename,
  deleteOne,
  getMembers,
  convert,
];
