import { OPERATOR_ACTOR } from '../../src/features/access/actor';
import { createLinkSecret } from '../../src/features/accounts/email-links';
import { beginSecondFactor, confirmSecondFactor } from '../../src/features/accounts/second-factor';
import { createInvitationSecret } from '../../src/features/namespaces/invitations';
import { addTeamGroup } from '../../src/features/namespaces/team-groups';
import { createClient } from '../../src/features/oauth/clients';
import { link, listLinked } from '../../src/features/openid/linking';
import { sealUser } from '../../src/features/openid/pending';
import { query } from '../../src/platform/db/query';
import { enqueue } from '../../src/platform/jobs/queue';
import { actorOf } from '../helpers/actors';
import { askApi } from '../helpers/api-client';
import { Browsing } from '../helpers/browse';
import { createImage, pushImages } from '../helpers/images';
import { codeOf as authorizationOf } from '../helpers/oauth';
import { codeOf } from '../helpers/second-factor';
import type { TestServer } from '../helpers/test-server';
import { BUILD_SCENARIOS } from './build-scenarios';
import { LINKED_SCENARIOS } from './linked-scenarios';
import { sessionOf } from './callers';
import { MARKER, type Held, type Stage } from './stage';

/*
 * What must exist first, and what must be sent, if the plain request of the sweep would be refused or change nothing.
 */

/** The differences from the request of the sweep. */
export interface Scenario {
  readonly params?: Readonly<Record<string, string>>;
  /** fields in addition to those that the sweep sends; or the whole JSON */
  readonly fields?: Readonly<Record<string, string>>;
  readonly query?: string;
  /** with a session, where the sweep uses Basic */
  readonly byCookie?: true;
  /** by this account, with Basic, instead of the one that the row names */
  readonly as?: string;
}

const ALICE_AT_PROVIDER = {
  issuer: 'https://login.example.com',
  subject: '1234',
  email: undefined,
  isEmailVerified: false,
  calledName: 'alice',
  groups: [],
  authenticatedAt: undefined,
};

type Prepare = (stage: Stage) => Promise<Scenario> | Scenario;

/** Links alice's account to a user of a provider. */
async function linkedId({ server }: Stage): Promise<string> {
  const alice = await actorOf(server, 'alice');
  await link(server.ctx, alice, 'alice', ALICE_AT_PROVIDER);
  const [linked] = await listLinked(server.ctx, alice, 'alice');
  return String(linked?.id);
}

const mappedGroup: Prepare = async ({ server }) => {
  await addTeamGroup(server.ctx, OPERATOR_ACTOR, { organization: 'acme', team: 'crew-real' }, 'builders');
  return {};
};

async function emailId({ ctx }: TestServer): Promise<number> {
  await ctx.db('emails').where({ email: 'alice@example.com' }).update({ verified_at: null });
  const rows = await query<{ id: number }>(ctx.db, 'select id from emails where email = $1', ['alice@example.com']);
  return rows[0]?.id ?? 0;
}

async function begun({ server }: Stage): Promise<string> {
  return (await beginSecondFactor(server.ctx, await actorOf(server, 'alice'))).secret;
}

/** Turns alice's second factor on; resolves to a recovery code, which she needs because the code of the app is used. */
async function turnedOn(stage: Stage): Promise<string> {
  const { server } = stage;
  const secret = await begun(stage);
  const alice = await actorOf(server, 'alice');
  const { recoveryCodes } = await confirmSecondFactor(server.ctx, alice, codeOf(secret));
  return recoveryCodes[0] ?? '';
}

async function clientOf({ server }: Stage): Promise<{ id: string; secret: string; redirectUri: string }> {
  const redirectUri = 'https://app.example.com/back';
  const input = { name: 'program', redirectUris: [redirectUri] };
  const { client, secret } = await createClient(server.ctx, OPERATOR_ACTOR, input);
  return { id: client.clientId, secret, redirectUri };
}

async function allowedClient(stage: Stage): Promise<string> {
  const client = await clientOf(stage);
  await authorizationOf(stage.server, 'alice', client);
  return client.id;
}

async function invitationSecret({ server, orgInvitation }: Stage): Promise<string> {
  return (await createInvitationSecret(server.ctx, Number(orgInvitation.real))) ?? '';
}

/** A repository of the organization, which has teams; the team has access to it if `isGiven`. */
async function repositoryOfAcme({ server }: Stage, isGiven: boolean): Promise<Record<string, string>> {
  await pushImages(server, 'acme/app', [createImage()], { user: 'alice' });
  const path = '/api/v1.1/repositories/acme/app/teams/crew-real/';
  if (isGiven) await askApi(server, 'put', path, { as: 'alice', body: { access: 'read' } });
  return { namespace: 'acme', name: 'app' };
}

async function otherSession({ server }: Stage): Promise<string> {
  await sessionOf(server, 'alice');
  const [row] = await query<{ id: number }>(server.ctx.db, 'select max(id)::int as id from sessions', []);
  return String(row?.id);
}

async function waitingJob({ server: { ctx } }: Stage): Promise<string> {
  await enqueue(ctx.db, 'nothing_to_do', {});
  const [row] = await query<{ id: string }>(
    ctx.db,
    'select max(id)::text as id from graphile_worker._private_jobs',
    [],
  );
  return row?.id ?? '';
}

async function retiredName({ server: { ctx } }: Stage): Promise<void> {
  await ctx.db('pushed_namespaces').insert({ name: 'leaver' });
  await ctx.db('repository_aliases').insert({ namespace: 'leaver', name: 'app', repository_id: null });
}

/** The version that a page writes into its form. */
async function versionOn({ server }: Stage, username: string, path: string): Promise<string> {
  const browser = new Browsing(server.server);
  const { name, secret } = await sessionOf(server, username);
  browser.setCookie(name, secret);
  const { html } = await browser.get(path);
  return (/name="version" value="([^"]*)"/.exec(html)?.[1] ?? '').replaceAll('&quot;', '"');
}

/** A form with a version, for a repository in a namespace and for one in the library. */
function ofBoth(route: string, pathOf: (held: Held) => string): Record<string, Prepare> {
  return {
    [`POST /r/:namespace/:name/${route}`]: async (stage) => ({
      fields: { version: await versionOn(stage, 'alice', `/r/alice/vault-real/settings/${pathOf(stage.vault)}`) },
    }),
    [`POST /_/:name/${route}`]: async (stage) => ({
      fields: { version: await versionOn(stage, 'root', `/_/base-real/settings/${pathOf(stage.base)}`) },
    }),
  };
}

const USER = '/api/v1.1/users/:username';
const REPOSITORY = '/api/v1.1/repositories/:namespace/:name';
const SETTINGS = '/r/:namespace/:name/settings';
const FURTHER = { email: `${MARKER}@example.com` };
const NANCY: Prepare = () => ({ params: { name: 'nancy' }, fields: { owner: 'carol', confirmation: 'nancy' } });

/** Alice can delete her account: another user owns her organizations, and no tag is immutable. */
async function nothingHeld({ server: { ctx } }: Stage): Promise<Scenario> {
  await ctx.db.raw(`insert into team_members (team_id, user_id)
    select t.id, u.id from teams t, users u where t.is_owners and u.username = 'carol' on conflict do nothing`);
  await ctx.db('repositories').update({ immutable_tags: [] });
  return {};
}

async function confirmedFurther({ server: { ctx } }: Stage): Promise<Scenario> {
  await ctx.db('emails').where(FURTHER).update({ verified_at: new Date() });
  return { fields: FURTHER };
}

/** Deletes the tags of the repositories, so that their history has something to restore. */
async function deletedTag({ server }: Stage): Promise<Scenario> {
  await askApi(server, 'delete', '/api/v1.1/repositories/alice/vault-real/tags/tag-real/', { as: 'alice' });
  await askApi(server, 'delete', '/api/v1.1/repositories/library/base-real/tags/tag-real/', { as: 'root' });
  return {};
}

async function unflagged({ server: { ctx } }: Stage): Promise<Scenario> {
  await ctx.db('comment_flags').delete();
  return {};
}

async function formerName({ server: { ctx } }: Stage): Promise<Scenario> {
  const { id } = await ctx.db('repositories').where({ name: 'base-real' }).first<{ id: number }>('id');
  await ctx.db('repository_aliases').insert({ namespace: 'library', name: 'base-was', repository_id: id });
  return { fields: { alias_namespace: 'library', alias_name: 'base-was' } };
}

/** The scenarios, by the key of the route. */
export const SCENARIOS: Readonly<Record<string, Prepare>> = {
  [`DELETE ${USER}/emails/`]: () => ({ fields: FURTHER }),
  [`PUT ${USER}/emails/primary/`]: confirmedFurther,
  'POST /api/v1.1/password/reset/confirm/': async ({ server }) => ({
    fields: {
      secret: await createLinkSecret(server.ctx, 'reset', await emailId(server)),
      password: 'another password',
    },
  }),
  'POST /api/v1.1/emails/confirm/': async ({ server }) => ({
    fields: { secret: await createLinkSecret(server.ctx, 'confirm', await emailId(server)) },
  }),
  [`PUT ${USER}/second-factor/`]: async (stage) => ({ fields: { code: codeOf(await begun(stage)) } }),
  [`DELETE ${USER}/second-factor/`]: async (stage) => ({ fields: { code: await turnedOn(stage) }, byCookie: true }),
  [`POST ${USER}/second-factor/recovery-codes/`]: async (stage) => ({
    fields: { code: await turnedOn(stage) },
    byCookie: true,
  }),
  'POST /api/v1.1/session/': () => ({ fields: { username: 'alice', password: 'alicepw' } }),
  [`DELETE ${USER}/sessions/`]: async (stage) => (await otherSession(stage), {}),
  [`DELETE ${USER}/sessions/:id/`]: async (stage) => ({ params: { id: await otherSession(stage) } }),
  'DELETE /api/v1.1/oauth-clients/:client_id/': async (stage) => ({
    params: { client_id: (await clientOf(stage)).id },
  }),
  [`DELETE ${USER}/authorizations/:client/`]: async (stage) => ({ params: { client: await allowedClient(stage) } }),
  [`POST ${USER}/convert/`]: () => ({ params: { username: 'nancy' }, fields: { owner: 'carol' } }),
  [`DELETE ${USER}/`]: () => ({ params: { username: 'nancy' }, as: 'nancy' }),
  'PUT /api/v1.1/orgs/:org/robots/:name/': () => ({ params: { name: 'fresh' } }),
  [`PUT ${REPOSITORY}/tags/:tag/`]: () => ({ params: { tag: 'fresh' } }),
  [`POST ${REPOSITORY}/tag-history/:event/restore/`]: deletedTag,
  [`PUT ${REPOSITORY}/collaborators/:username/`]: () => ({ params: { username: 'nancy' } }),
  [`PUT ${REPOSITORY}/star/`]: async ({ server: { ctx } }) => (await ctx.db('stars').delete(), {}),
  [`PUT ${REPOSITORY}/comments/:comment/flag/`]: unflagged,
  'PUT /v1/repositories/:repository/tags/:tag': () => ({ params: { tag: 'fresh' } }),
  'PUT /v1/repositories/:namespace/:repository/tags/:tag': () => ({ params: { tag: 'fresh' } }),
  'POST /api/v1.1/invitations/accept/': async (stage) => ({ fields: { secret: await invitationSecret(stage) } }),
  [`PUT ${REPOSITORY}/teams/:team/`]: async (stage) => ({
    params: await repositoryOfAcme(stage, false),
    fields: { access: 'read' },
  }),
  [`DELETE ${REPOSITORY}/teams/:team/`]: async (stage) => ({ params: await repositoryOfAcme(stage, true) }),
  'DELETE /api/v1.1/retired-names/:namespace/': async (stage) => {
    await retiredName(stage);
    return { params: { namespace: 'leaver' } };
  },
  'DELETE /api/v1.1/retired-names/:namespace/:name/': async (stage) => {
    await retiredName(stage);
    return { params: { namespace: 'leaver', name: 'app' } };
  },
  'DELETE /api/v1.1/jobs/:id/': async (stage) => ({ params: { id: await waitingJob(stage) } }),
  'POST /api/v1.1/jobs/:id/retry/': async (stage) => ({ params: { id: await waitingJob(stage) } }),
  'POST /account/signup': () => ({ fields: { username: 'somebody', email: 'somebody@example.com' } }),
  'POST /account/login': () => ({ fields: { username: 'alice', password: 'alicepw' } }),
  'POST /account/sign-ins/link': ({ server }) => ({ fields: { ticket: sealUser(server.ctx, ALICE_AT_PROVIDER) } }),
  'DELETE /api/v1.1/users/:username/sign-ins/:id/': async (stage) => ({ params: { id: await linkedId(stage) } }),
  'DELETE /api/v1.1/orgs/:org/teams/:team/groups/': mappedGroup,
  'POST /organizations/:org/teams/:team/groups/remove/': mappedGroup,
  'POST /account/sign-ins/unlink': async (stage) => ({ fields: { id: await linkedId(stage) } }),
  'POST /account/emails/': () => ({ fields: { email: 'another@example.com' } }),
  'POST /account/emails/primary/': confirmedFurther,
  'POST /account/emails/remove/': () => ({ fields: FURTHER }),
  'POST /account/password/': () => ({ fields: { confirm_password: 'alicepw' } }),
  'POST /account/second-factor/confirm/': async (stage) => ({ fields: { code: codeOf(await begun(stage)) } }),
  'POST /account/second-factor/renew/': async (stage) => ({ fields: { code: await turnedOn(stage) } }),
  'POST /account/second-factor/off/': async (stage) => ({ fields: { code: await turnedOn(stage) } }),
  'POST /account/sessions/end/': async (stage) => ({ fields: { id: await otherSession(stage) } }),
  'POST /account/sessions/end-others/': async (stage) => (await otherSession(stage), {}),
  'POST /account/applications/revoke/': async (stage) => ({ fields: { client: await allowedClient(stage) } }),
  'POST /account/confirm/:secret': async ({ server }) => ({
    params: { secret: await createLinkSecret(server.ctx, 'confirm', await emailId(server)) },
  }),
  'POST /account/reset/:secret': async ({ server }) => ({
    params: { secret: await createLinkSecret(server.ctx, 'reset', await emailId(server)) },
  }),
  'POST /account/invitation/:secret': async (stage) => ({ params: { secret: await invitationSecret(stage) } }),
  'POST /api/v1.1/o/authorize/': async (stage) => {
    const { id, redirectUri } = await clientOf(stage);
    const asked = { client_id: id, response_type: 'code', redirect_uri: redirectUri, state: 'x' };
    return { query: `?${new URLSearchParams(asked).toString()}` };
  },
  'POST /admin/users/:name/status/': () => ({ fields: { admin: 'on' } }),
  'POST /admin/users/': () => ({ fields: { username: 'somebody', email: 'somebody@example.com' } }),
  'POST /admin/users/:name/second-factor/': async (stage) => (await turnedOn(stage), {}),
  'POST /account/delete/': nothingHeld,
  'POST /admin/users/:name/convert/': NANCY,
  'POST /admin/users/:name/delete/': NANCY,
  'POST /admin/jobs/drop/': async (stage) => ({ fields: { id: await waitingJob(stage) } }),
  'POST /admin/jobs/retry/': async (stage) => ({ fields: { id: await waitingJob(stage) } }),
  'POST /r/:namespace/:name/history/restore/': deletedTag,
  'POST /_/:name/history/restore/': deletedTag,
  'POST /r/:namespace/:name/comments/:comment/flag/': unflagged,
  'POST /_/:name/comments/:comment/flag/': unflagged,
  [`POST ${SETTINGS}/collaborators/`]: () => ({ fields: { username: 'nancy' } }),
  'POST /_/:name/settings/move/aliases/remove/': formerName,
  ...ofBoth('settings/', () => ''),
  ...ofBoth('settings/tags/', () => 'tags/'),
  'POST /account/retention/': async (stage) => ({
    fields: { version: await versionOn(stage, 'alice', '/account/retention/') },
  }),
  'POST /organizations/:org/retention/': async (stage) => ({
    fields: { version: await versionOn(stage, 'alice', '/organizations/acme/retention/') },
  }),
  ...ofBoth('settings/retention/', () => 'retention/'),
  ...ofBoth('settings/webhooks/:webhook/', ({ webhook }) => `webhooks/${webhook.real}/`),
  ...BUILD_SCENARIOS,
  ...LINKED_SCENARIOS,
  [`POST ${SETTINGS}/teams/`]: async (stage) => ({ params: await repositoryOfAcme(stage, false) }),
  [`POST ${SETTINGS}/teams/remove/`]: async (stage) => ({ params: await repositoryOfAcme(stage, true) }),
};
