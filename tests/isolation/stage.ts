import { OPERATOR_ACTOR } from '../../src/features/access/actor';
import { createOrganization } from '../../src/features/namespaces/organizations';
import { createRobot } from '../../src/features/namespaces/robots';
import { addMember } from '../../src/features/namespaces/team-members';
import { putTeam } from '../../src/features/namespaces/teams';
import { readFullName } from '../../src/features/repositories/names';
import { query } from '../../src/platform/db/query';
import { askApi } from '../helpers/api-client';
import { createImage, pushImages, startPush } from '../helpers/images';
import { ManifestPusher } from '../helpers/manifests';
import { makePrivate } from '../helpers/registry-client';
import { packEntry, TRAILER } from '../features/images/tar/pack-tar';
import { addUser, startTestServer, type TestServer } from '../helpers/test-server';
import { hex } from '../helpers/crossing-images';
import { asText, asUser, pushBlob, pushImage, startUpload, type Described } from '../helpers/v2-client';

/*
 * A hub with private things of alice, of her organization and of the library, each with a name or number of the same
 * length that does not exist.
 */

/** A part of everything that only alice, or an administrator, may see. */
export const MARKER = 'k33p-it-hidden';

/** The value of a parameter that names something private, and one that names nothing. */
export interface Twin {
  readonly real: string;
  readonly none: string;
}

const NONE = '99999';

/** An image that was pushed over v2, and an upload. */
export interface Pushed {
  readonly config: Described;
  readonly layer: Described;
  readonly tag: Twin;
  readonly manifest: Twin;
  readonly blob: Twin;
  /** a blob that no manifest uses */
  readonly spare: Twin;
  readonly upload: Twin;
}

/** The image of v1 that was derived from a push over v2, and the manifest of an image that was pushed over v1. */
export interface Views {
  readonly image: Twin;
  readonly manifest: Twin;
  /** the config of the manifest */
  readonly blob: Twin;
}

/** The contents of a repository that paths can name. */
export interface Held {
  readonly image: Twin;
  readonly digest: Twin;
  readonly tag: Twin;
  /** of v2 */
  readonly pushed: Pushed;
  /** what each protocol shows of what was pushed over the other one */
  readonly views: Views;
  readonly comment: Twin;
  readonly webhook: Twin;
  readonly delivery: Twin;
  readonly event: Twin;
}

/** The things that the sweep requests. */
export interface Stage {
  readonly server: TestServer;
  readonly vault: Held;
  readonly base: Held;
  /** numbers of alice's access token and invitation, of a robot's token and of an invitation to her organization */
  readonly token: Twin;
  readonly invitation: Twin;
  readonly robotToken: Twin;
  readonly orgInvitation: Twin;
  readonly run: Twin;
}

async function only<T>(server: TestServer, sql: string, values: unknown[] = []): Promise<T> {
  const row = (await query<{ value: T }>(server.ctx.db, sql, values))[0];
  if (row === undefined) throw new Error(`nothing: ${sql}`);
  return row.value;
}

/** Starts all numbers at five digits, which occur in no text by chance. */
async function numberWidely(server: TestServer): Promise<void> {
  const { db } = server.ctx;
  const sequences = await query<{ name: string }>(
    db,
    `select quote_ident(sequencename) as name from pg_sequences where schemaname = 'public'`,
    [],
  );
  let start = 71_001;
  for (const { name } of sequences) {
    await db.raw(`alter sequence ${name} restart with ${start}`);
    start += 500;
  }
}

async function api(
  server: TestServer,
  method: 'post' | 'put' | 'patch',
  path: string,
  as: string,
  body?: unknown,
): Promise<{ id?: number; token?: string }> {
  const sent = { as, headers: { 'If-Match': '*' }, ...(body === undefined ? {} : { body }) };
  const answer = await askApi(server, method, `/api/v1.1${path}`, sent);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return answer.body as { id?: number; token?: string };
}

/** A layer of one file. */
const layerOf = (text: string): Buffer =>
  Buffer.concat([packEntry({ name: `${MARKER}.txt`, body: Buffer.from(text) }), TRAILER]);

const LAYER = layerOf(MARKER);

const NO_DIGEST = `sha256:${'d'.repeat(64)}`;

/** Pushes an image with the marker over v2, and begins an upload. */
async function pushOverV2(server: TestServer, repository: string, user: string): Promise<Pushed> {
  const layer = layerOf(`${MARKER} of ${repository}`);
  const more = { annotations: { note: MARKER } };
  const image = await pushImage(server, repository, 'two-real', { user, layer, more });
  const spare = await pushBlob(server, repository, Buffer.from(`${MARKER}, a spare of ${repository}`), { user });
  const location = await startUpload(server, repository, user);
  return {
    ...image,
    tag: { real: 'two-real', none: 'two-none' },
    manifest: { real: image.manifest.digest, none: NO_DIGEST },
    blob: { real: image.layer.digest, none: NO_DIGEST },
    spare: { real: spare, none: NO_DIGEST },
    upload: { real: location.split('/').at(-1) ?? '', none: 'e'.repeat(32) },
  };
}

/** Has both protocols show what was pushed over the other one. */
async function readViews(server: TestServer, repository: string, user: string, { config }: Pushed): Promise<Views> {
  const { headers, body } = await asUser(server, 'get', `/v2/${repository}/manifests/tag-real`, user)
    .buffer()
    .parse(asText)
    .expect(200);
  const manifest = JSON.parse(body as string) as { config: Described };
  return {
    image: { real: hex(config.digest), none: createImage().id },
    manifest: { real: String(headers['docker-content-digest']), none: NO_DIGEST },
    blob: { real: manifest.config.digest, none: NO_DIGEST },
  };
}

/** The same stage for requests that name what the other protocol shows. */
export function seenFromTheOtherSide(stage: Stage): Stage {
  const turned = (held: Held): Held => {
    const { views, pushed, tag } = held;
    const { image, manifest, blob } = views;
    return { ...held, image, tag: pushed.tag, pushed: { ...pushed, tag, manifest, blob } };
  };
  return { ...stage, vault: turned(stage.vault), base: turned(stage.base) };
}

/** Fills a private repository with something of every kind, each with the marker in it. */
export async function fillRepository(server: TestServer, repository: string, user: string): Promise<Held> {
  const { db } = server.ctx;
  const image = createImage({ note: MARKER, layer: LAYER });
  await startPush(server, repository, [], user);
  await makePrivate(server, repository, user);
  const pushed = await pushOverV2(server, repository, user);
  await pushImages(server, repository, [image], { user, tag: 'tag-real' });
  const api11 = `/repositories/${repository}/`;
  const full = { description: MARKER, full_description: MARKER, immutable_tags: [`${MARKER}*`] };
  await api(server, 'patch', api11, user, full);
  await api(server, 'put', `${api11}star/`, user);
  await api(server, 'put', `${api11}retention/`, user, { keep_last: 3, keep_tags: [`${MARKER}*`] });
  const comment = await api(server, 'post', `${api11}comments/`, user, { text: MARKER });
  await api(server, 'put', `${api11}comments/${comment.id}/flag/`, user);
  const hook = { name: 'hook', urls: [`https://hooks.example/${MARKER}`] };
  const webhook = await api(server, 'post', `${api11}webhooks/`, user, hook);
  await api(server, 'post', `${api11}webhooks/${webhook.id}/test/`, user);
  const id = await only<number>(server, `select id as value from repositories where namespace || '/' || name = $1`, [
    repository,
  ]);
  await db('repository_totals')
    .insert({ repository_id: id, pulls: 4711, pushes: 1 })
    .onConflict('repository_id')
    .ignore();
  const pusher = await ManifestPusher.to(server, readFullName(repository), user);
  const labels = { note: MARKER };
  const { digest } = await pusher.image({ config: { Labels: labels } }, { layers: [LAYER] });
  const twin = (real: number | string | undefined): Twin => ({ real: String(real), none: NONE });
  return {
    image: { real: image.id, none: createImage().id },
    digest: { real: digest, none: `sha256:${'0'.repeat(64)}` },
    tag: { real: 'tag-real', none: 'tag-none' },
    pushed,
    views: await readViews(server, repository, user, pushed),
    comment: twin(comment.id),
    webhook: twin(webhook.id),
    delivery: twin(
      await only<number>(server, 'select id as value from webhook_deliveries where webhook_id = $1', [webhook.id]),
    ),
    event: twin(await only<number>(server, 'select max(id) as value from tag_events where repository_id = $1', [id])),
  };
}

/** Adds the organizations acme, of alice, and beta, of carol: their existence is not a secret. */
export async function addOrganizations(server: TestServer): Promise<void> {
  const { ctx } = server;
  for (const [name, owner] of [
    ['acme', 'alice'],
    ['beta', 'carol'],
  ] as const) {
    await createOrganization(ctx, OPERATOR_ACTOR, name, { owner });
    await ctx.db('namespaces').where({ name }).update({ plan: 'unlimited' });
    for (const namespace of [name, owner]) {
      await ctx.db('retention_policies').insert({ namespace, keep_last: 3, changed_by: owner });
      await ctx.db('build_policies').insert({ namespace });
    }
  }
}

async function fillOrganization({ ctx }: TestServer): Promise<void> {
  await putTeam(ctx, OPERATOR_ACTOR, 'acme', { name: 'crew-real', description: MARKER });
  for (const member of ['alice', 'mona']) {
    await addMember(ctx, OPERATOR_ACTOR, { organization: 'acme', team: 'crew-real' }, member);
  }
  await createRobot(ctx, OPERATOR_ACTOR, { organization: 'acme', name: 'bolt-real' });
  await createRobot(ctx, OPERATOR_ACTOR, { organization: 'beta', name: 'bot' });
}

/** Adds private things to existing users and organizations: teams, robots, repositories and their contents. */
export async function addPrivateThings(server: TestServer): Promise<{ vault: Held; base: Held }> {
  await fillOrganization(server);
  const vault = await fillRepository(server, 'alice/vault-was', 'alice');
  await api(server, 'post', '/repositories/alice/vault-was/move/', 'alice', { namespace: 'alice', name: 'vault-real' });
  await api(server, 'put', '/repositories/alice/vault-real/collaborators/dora/', 'alice');
  return { vault, base: await fillRepository(server, 'library/base-real', 'root') };
}

/** Builds the whole hub, with requests that have their own tests. @param server - a new one; undefined: in this process */
export async function buildStage(server?: TestServer): Promise<Stage> {
  return fillStage(server ?? (await startTestServer()));
}

async function fillStage(server: TestServer): Promise<Stage> {
  await numberWidely(server);
  for (const name of ['alice', 'carol', 'dora', 'mona', 'nancy']) await addUser(server, name);
  await addUser(server, 'root', { isAdmin: true });
  await addUser(server, 'sleeper', { isActive: false });
  await addOrganizations(server);
  for (const name of ['alice/other', 'dora/other']) {
    await pushImages(server, name, [createImage()], { user: name.split('/')[0] ?? '' });
  }
  const { vault, base } = await addPrivateThings(server);
  await api(server, 'post', '/users/alice/emails/', 'alice', { email: `${MARKER}@example.com` });
  const token = await api(server, 'post', '/users/alice/tokens/', 'alice', { name: MARKER, access: 'read' });
  const robot = await api(server, 'post', '/orgs/acme/robots/bolt-real/tokens/', 'alice', { name: MARKER });
  await api(server, 'post', '/orgs/beta/teams/owners/invitations/', 'carol', { username: 'alice' });
  await api(server, 'post', '/orgs/acme/teams/crew-real/invitations/', 'alice', { email: `${MARKER}@example.com` });
  const run = await api(server, 'post', '/maintenance/', 'root', { kind: 'gc_dry_run' });
  const invitation = async (email: boolean): Promise<Twin> => {
    const sql = `select id as value from invitations where (email is not null) = $1`;
    return { real: String(await only<number>(server, sql, [email])), none: NONE };
  };
  return {
    server,
    vault,
    base,
    token: { real: String(token.id), none: NONE },
    invitation: await invitation(false),
    robotToken: { real: String(robot.id), none: NONE },
    orgInvitation: await invitation(true),
    run: { real: String(run.id), none: NONE },
  };
}
