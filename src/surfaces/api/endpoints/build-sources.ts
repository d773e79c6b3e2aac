import { z } from 'zod';
import { addLinkedSource } from '../../../features/builds/linked/linked-source';
import { setSchedule } from '../../../features/builds/schedules';
import { changeSource, removeSource, renewHook } from '../../../features/builds/source-changes';
import {
  addSource,
  getSource,
  PROVIDERS,
  type BuildSource,
  type WantedCredential,
} from '../../../features/builds/sources';
import { endpoint, reply } from '../endpoint';
import { newRuleSchema, ruleInput } from './build-rule-body';
import { administeredAsked, repositoryParams } from './repository-asked';
import { line, moment } from './schemas';

/* Where an automated repository is built from. */

const sourceSchema = z
  .strictObject({
    provider: z.enum(PROVIDERS),
    clone_url: z.string(),
    credential: z.enum(['none', 'deploy_key', 'token']),
    public_key: z.string().nullable().describe('The deploy key, to paste at the provider'),
    hook_url: z.string().describe('Where the provider sends its hooks'),
    syncs_description: z.boolean().describe('The README next to the Dockerfile becomes the description'),
    mails_failures: z.boolean().describe('Mails when builds begin to fail, and when they succeed again'),
    allows_network: z.boolean().describe('RUN has a network; only a site administrator changes it'),
    build_arguments: z.record(z.string(), z.string()).describe('Values of ARG, by name'),
    secret_names: z.array(z.string()).describe('Secrets for RUN --mount=type=secret, without their values'),
    schedule: z.string().nullable().describe('Five fields of cron, UTC'),
    date_scheduled: moment.nullable(),
    linked: z
      .strictObject({
        login: z.string().describe('The user of the provider'),
        full_name: z.string(),
        state: z.enum(['adding', 'added', 'failed', 'by_hand']).describe('Of the hook and the deploy key there'),
        error: z.string().nullable().describe('What went wrong at the last attempt'),
      })
      .nullable()
      .describe('The repository of a linked account that it is'),
    created_by: z.string().nullable().describe('The account whose rights the builds have'),
    date_created: moment,
    date_updated: moment,
  })
  .meta({ id: 'BuildSource' });

const createdSchema = z
  .strictObject({ ...sourceSchema.shape, hook_secret: z.string().describe('Signs the hooks; never shown again') })
  .meta({ id: 'CreatedBuildSource' });

function linkedBody({ linked }: BuildSource): z.input<typeof sourceSchema>['linked'] {
  if (linked === undefined) return null;
  const { login, fullName, state, error } = linked;
  return { login, full_name: fullName, state, error: error ?? null };
}

function sourceBody(source: BuildSource): z.input<typeof sourceSchema> {
  return {
    provider: source.provider,
    clone_url: source.cloneUrl,
    credential: source.credential,
    public_key: source.publicKey ?? null,
    hook_url: source.hookUrl,
    syncs_description: source.syncsDescription,
    mails_failures: source.mailsFailures,
    allows_network: source.allowsNetwork,
    build_arguments: source.buildArguments,
    secret_names: [...source.secretNames],
    schedule: source.schedule ?? null,
    date_scheduled: source.scheduledAt?.toISOString() ?? null,
    linked: linkedBody(source),
    created_by: source.createdBy ?? null,
    date_created: source.createdAt.toISOString(),
    date_updated: source.updatedAt.toISOString(),
  };
}

const credentialFields = {
  credential: z
    .enum(['none', 'deploy_key', 'token'])
    .optional()
    .describe('deploy_key creates a key for a URL of ssh; token is for one of https'),
  token: line(4096).optional().describe('With credential=token'),
  token_username: line(255).optional().describe('The username that the token is sent with; git if omitted'),
};

interface CredentialBody {
  readonly credential?: 'none' | 'deploy_key' | 'token' | undefined;
  readonly token?: string | undefined;
  readonly token_username?: string | undefined;
}

function credentialIn({
  credential: kind,
  token = '',
  token_username: username,
}: CredentialBody): WantedCredential | undefined {
  if (kind === undefined) return undefined;
  return kind === 'token' ? { kind, username, token } : { kind };
}

const SOURCE = '/api/v1.1/repositories/:namespace/:name/build-source/';
const FACTS = { tag: 'builds', access: 'account', params: repositoryParams } as const;

const getOne = endpoint({
  ...FACTS,
  method: 'get',
  path: SOURCE,
  id: 'getBuildSource',
  summary: 'Show where a repository is built from',
  responses: { 200: { description: 'The source', body: sourceSchema } },
  etag: 'sent',
  handle: async (ctx, { params, caller }) =>
    reply(200, sourceBody(await getSource(ctx, await administeredAsked(ctx, { caller, params })))),
});

const postOne = endpoint({
  ...FACTS,
  method: 'post',
  path: SOURCE,
  id: 'addBuildSource',
  summary: 'Make a repository an automated one: only builds push to it from then on',
  body: z.strictObject({
    provider: z.enum(PROVIDERS).default('git'),
    clone_url: line(1000).describe('https://host/path, ssh://git@host/path or git@host:path'),
    ...credentialFields,
    syncs_description: z.boolean().optional(),
    rules: z.array(newRuleSchema).max(50).optional().describe('If omitted, the branch master becomes latest'),
  }),
  responses: { 201: { description: 'The source with the secret of its hooks', body: createdSchema } },
  errors: ['conflict'],
  handle: async (ctx, { params, body, caller }) => {
    const { hookSecret, ...source } = await addSource(ctx, await administeredAsked(ctx, { caller, params }), {
      provider: body.provider,
      cloneUrl: body.clone_url,
      credential: credentialIn(body),
      syncsDescription: body.syncs_description,
      rules: body.rules?.map(ruleInput),
    });
    return reply(201, { ...sourceBody(source), hook_secret: hookSecret });
  },
});

const postLinked = endpoint({
  ...FACTS,
  method: 'post',
  path: `${SOURCE}linked/`,
  id: 'addLinkedBuildSource',
  summary: 'Make a repository an automated one that is built from a repository of a linked account',
  description:
    'The hook and, for a private repository, a read-only deploy key are added there in the background. ' +
    'With limited access, add the hook yourself.',
  requiresPasswordLogin: true,
  body: z.strictObject({
    linked_account_id: z.int(),
    full_name: line(400).describe('Of the repository at the provider: owner/name'),
    syncs_description: z.boolean().optional(),
    rules: z.array(newRuleSchema).max(50).optional().describe('If omitted, the default branch there becomes latest'),
  }),
  responses: { 201: { description: 'The source with the secret of its hooks', body: createdSchema } },
  errors: ['conflict', 'busy', 'unavailable'],
  handle: async (ctx, { params, body, caller }) => {
    const repository = await administeredAsked(ctx, { caller, params });
    const { hookSecret, ...source } = await addLinkedSource(ctx, caller.actor, repository, {
      account: { username: repository.doer.name ?? '', id: body.linked_account_id },
      fullName: body.full_name,
      syncsDescription: body.syncs_description,
      rules: body.rules?.map(ruleInput),
    });
    return reply(201, { ...sourceBody(source), hook_secret: hookSecret });
  },
});

const patchOne = endpoint({
  ...FACTS,
  method: 'patch',
  path: SOURCE,
  id: 'updateBuildSource',
  summary: 'Change where a repository is built from',
  description: 'From then on, builds have the rights of the account that changed it.',
  body: z.strictObject({
    provider: z.enum(PROVIDERS).optional(),
    clone_url: line(1000).optional(),
    ...credentialFields,
    syncs_description: z.boolean().optional(),
    mails_failures: z.boolean().optional(),
    allows_network: z.boolean().optional(),
    build_arguments: z
      .record(line(100), line(4096))
      .optional()
      .describe('All values of ARG, by name; they are in the history of the image, so not secret'),
    secrets: z
      .record(line(100), z.string().max(16_384).nullable())
      .optional()
      .describe('Secrets to set, of 8 to 16384 characters, or to remove with null; never shown'),
    schedule: line(100).nullable().optional().describe('At most once an hour; null: never'),
  }),
  responses: { 200: { description: 'The updated source', body: sourceSchema } },
  etag: 'heeded',
  handle: async (ctx, { params, body, caller, assertCurrent }) => {
    const repository = await administeredAsked(ctx, { caller, params });
    const changes = {
      provider: body.provider,
      cloneUrl: body.clone_url,
      credential: credentialIn(body),
      syncsDescription: body.syncs_description,
      mailsFailures: body.mails_failures,
      allowsNetwork: body.allows_network,
      buildArguments: body.build_arguments,
      secrets: body.secrets,
    };
    await changeSource(ctx, repository, changes, (source) => assertCurrent(sourceBody(source)));
    if (body.schedule !== undefined) await setSchedule(ctx, repository, body.schedule ?? undefined);
    return reply(200, sourceBody(await getSource(ctx, repository)));
  },
});

const deleteOne = endpoint({
  ...FACTS,
  method: 'delete',
  path: SOURCE,
  id: 'removeBuildSource',
  summary: 'Make a repository an ordinary one again',
  description: 'Builds that wait or run are cancelled. The history stays.',
  responses: { 204: { description: 'Removed' } },
  handle: async (ctx, { params, caller }) => {
    await removeSource(ctx, await administeredAsked(ctx, { caller, params }));
    return reply(204);
  },
});

const postHook = endpoint({
  ...FACTS,
  method: 'post',
  path: `${SOURCE}hook/`,
  id: 'renewBuildHook',
  summary: 'Replace the URL and the secret of the hooks',
  responses: { 200: { description: 'The source with the new secret', body: createdSchema } },
  handle: async (ctx, { params, caller }) => {
    const { hookSecret, ...source } = await renewHook(ctx, await administeredAsked(ctx, { caller, params }));
    return reply(200, { ...sourceBody(source), hook_secret: hookSecret });
  },
});

export const buildSourceEndpoints = [getOne, postOne, postLinked, patchOne, deleteOne, postHook];
