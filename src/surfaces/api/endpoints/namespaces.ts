import { z } from 'zod';
import { VISIBILITIES } from '../../../features/access/policy';
import { getNamespaceSettings, updateNamespace, type NamespaceSettings } from '../../../features/namespaces/settings';
import { endpoint, reply } from '../endpoint';
import { nameParam } from './schemas';

/* The settings for all repositories of a user or an organization. */

const namespaceSchema = z
  .strictObject({
    name: z.string(),
    kind: z.enum(['library', 'user', 'organization', 'remote']),
    plan: z.string(),
    default_visibility: z.enum(VISIBILITIES).describe('Visibility of repositories created by a push'),
    private_repositories: z
      .strictObject({ used: z.int(), limit: z.int().nullable().describe('Null for no limit') })
      .nullable()
      .describe('Null unless you are a member of the namespace'),
  })
  .meta({ id: 'Namespace' });

function namespaceBody(settings: NamespaceSettings): z.input<typeof namespaceSchema> {
  const { slots } = settings;
  return {
    name: settings.name,
    kind: settings.kind,
    plan: settings.plan,
    default_visibility: settings.defaultVisibility,
    private_repositories: slots === undefined ? null : { used: slots.used, limit: slots.limit ?? null },
  };
}

const ONE = {
  path: '/api/v1.1/namespaces/:name/',
  tag: 'namespaces',
  access: 'account',
  params: z.object({ name: nameParam }),
} as const;

const getOne = endpoint({
  ...ONE,
  method: 'get',
  id: 'getNamespace',
  summary: 'Show the plan and settings of a user or organization',
  responses: { 200: { description: 'The namespace', body: namespaceSchema } },
  etag: 'sent',
  handle: async (ctx, { params, caller }) =>
    reply(200, namespaceBody(await getNamespaceSettings(ctx, caller.actor, params.name))),
});

const patchOne = endpoint({
  ...ONE,
  method: 'patch',
  id: 'updateNamespace',
  summary: 'Change the settings (owners) or the plan (site administrators)',
  body: z.strictObject({
    plan: nameParam.optional().describe('A smaller plan deletes nothing'),
    default_visibility: z.enum(VISIBILITIES).optional(),
  }),
  responses: { 200: { description: 'The updated namespace', body: namespaceSchema } },
  etag: 'heeded',
  handle: async (ctx, { params, body, caller, assertCurrent }) => {
    const changes = { plan: body.plan, defaultVisibility: body.default_visibility };
    const assertSettings = (current: NamespaceSettings): void => assertCurrent(namespaceBody(current));
    return reply(200, namespaceBody(await updateNamespace(ctx, caller.actor, params.name, changes, assertSettings)));
  },
});

export const namespaceEndpoints = [getOne, patchOne];
