import { imageOf, OCI_MANIFEST } from '../helpers/v2-client';
import type { SweptRoute } from './routes';
import type { Held, Stage } from './stage';

/*
 * The bodies of requests that change something: valid, so that they succeed for a caller who may.
 */

type Body = object | string;
type Bodies = Readonly<Record<string, Body | ((stage: Stage, values: ReadonlyMap<string, string>) => Body)>>;

const V1 = '/v1/repositories/:repository';

/** Bodies for v1, by the key of the route in the library; those in a namespace are the same. */
export const V1_BODIES: Bodies = {
  'POST /v1/users': { username: 'somebody', password: 'some password', email: 'somebody@example.com' },
  'PUT /v1/users/:username': { email: 'further@example.com' },
  'PUT /v1/images/:imageId/json': (_: Stage, values: ReadonlyMap<string, string>) => ({ id: values.get('imageId') }),
  'PUT /v1/images/:imageId/layer': 'bytes',
  [`PUT ${V1}/images`]: [],
  [`PUT ${V1}/tags/:tag`]: (stage: Stage, values: ReadonlyMap<string, string>) => held(stage, values).image.real,
  [`PUT ${V1}/properties`]: { access: 'public' },
  [`PUT ${V1}`]: [],
};

/** A piece of a blob, or all of it. */
export const V2_BYTES = 'bytes';

/** The body of a request to v2, with its type. */
export function v2Body(
  { method, path }: SweptRoute,
  values: ReadonlyMap<string, string>,
  stage: Stage,
): { headers?: Record<string, string>; body?: string } {
  if (path === '/v2/token') {
    const form = { grant_type: 'password', username: 'alice', password: 'alicepw', service: 'hub.test' };
    return {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    };
  }
  if (method === 'PUT' && path.includes('/manifests/')) {
    const { config, layer } = held(stage, values).pushed;
    return { headers: { 'Content-Type': OCI_MANIFEST }, body: JSON.stringify(imageOf(config, [layer])) };
  }
  return method === 'PATCH' || method === 'PUT' ? { body: V2_BYTES } : {};
}

function held(stage: Stage, values: ReadonlyMap<string, string>): Held {
  return (values.get('repository') ?? values.get('name') ?? '').startsWith('base') ? stage.base : stage.vault;
}

const USER = '/api/v1.1/users/:username';
const ORG = '/api/v1.1/orgs/:org';
const REPOSITORY = '/api/v1.1/repositories/:namespace/:name';
const EMAIL = { email: 'alice@example.com' };

/** Bodies for the API, by the key of the route. */
export const API_BODIES: Bodies = {
  'POST /api/v1.1/users/': { username: 'somebody', password: 'some password', email: 'somebody@example.com' },
  [`PATCH ${USER}/`]: { location: 'elsewhere' },
  [`PUT ${USER}/password/`]: { password: 'another password', current_password: 'alicepw' },
  [`POST ${USER}/emails/`]: { email: 'further@example.com' },
  [`DELETE ${USER}/emails/`]: EMAIL,
  [`POST ${USER}/emails/confirm/`]: EMAIL,
  [`PUT ${USER}/emails/primary/`]: EMAIL,
  'POST /api/v1.1/password/reset/': { username: 'alice' },
  'POST /api/v1.1/password/reset/confirm/': { secret: 'x'.repeat(43), password: 'another password' },
  'POST /api/v1.1/emails/confirm/': { secret: 'x'.repeat(43) },
  [`POST ${USER}/tokens/`]: { name: 'another', access: 'admin' },
  [`PUT ${USER}/second-factor/`]: { code: '000000' },
  [`DELETE ${USER}/second-factor/`]: { code: '000000' },
  [`POST ${USER}/second-factor/recovery-codes/`]: { code: '000000' },
  'POST /api/v1.1/session/': { username: 'alice', password: 'wrong password' },
  'POST /api/v1.1/session/confirm/': { password: 'alicepw' },
  'POST /api/v1.1/o/token/': { grant_type: 'refresh_token', refresh_token: 'x' },
  'POST /api/v1.1/oauth-clients/': { name: 'program', redirect_uris: ['https://app.example.com/'] },
  'PATCH /api/v1.1/namespaces/:name/': { default_visibility: 'private' },
  'PUT /api/v1.1/namespaces/:name/retention/': { keep_last: 3 },
  'PUT /api/v1.1/namespaces/:name/build-policy/': { allows_network: true },
  'PUT /api/v1.1/namespaces/:name/storage/': { limit: 1_000_000_000_000 },
  'POST /api/v1.1/orgs/': { name: 'gamma' },
  [`PATCH ${ORG}/`]: { location: 'elsewhere' },
  [`POST ${ORG}/rename/`]: { name: 'acmeco' },
  [`POST ${USER}/convert/`]: { owner: 'carol' },
  [`POST ${USER}/rename/`]: { username: 'alicia' },
  [`PUT ${ORG}/teams/:team/`]: { description: 'changed' },
  [`POST ${ORG}/teams/:team/groups/`]: { group: 'builders' },
  [`DELETE ${ORG}/teams/:team/groups/`]: { group: 'builders' },
  [`POST ${ORG}/teams/:team/invitations/`]: { username: 'nancy' },
  'POST /api/v1.1/invitations/accept/': { secret: 'x'.repeat(43) },
  [`POST ${ORG}/robots/:name/tokens/`]: { name: 'another', access: 'read' },
  'PUT /api/v1.1/plans/:name/': { private_repositories: 7, position: 1 },
  'POST /api/v1.1/repositories/': { namespace: 'alice', name: 'fresh' },
  [`PATCH ${REPOSITORY}/`]: { description: 'changed' },
  [`POST ${REPOSITORY}/move/`]: { namespace: 'alice', name: 'moved' },
  [`PUT ${REPOSITORY}/tags/:tag/`]: (stage: Stage) => ({ image_id: stage.vault.image.real }),
  [`POST ${REPOSITORY}/tags/`]: { name: 'copied', source: { namespace: 'alice', name: 'vault-real', tag: 'tag-real' } },
  [`POST ${REPOSITORY}/tag-history/:event/restore/`]: { side: 'after' },
  [`PUT ${REPOSITORY}/retention/`]: { keep_last: 3 },
  [`PUT ${REPOSITORY}/teams/:team/`]: { access: 'read' },
  [`POST ${REPOSITORY}/comments/`]: { text: 'hello' },
  [`POST ${REPOSITORY}/builds/`]: {},
  [`POST ${REPOSITORY}/build-source/`]: { clone_url: 'https://git.example/app.git' },
  [`POST ${REPOSITORY}/build-source/linked/`]: { linked_account_id: 99_999, full_name: 'alice/app' },
  [`PATCH ${REPOSITORY}/build-source/`]: { syncs_description: true },
  [`PUT ${REPOSITORY}/build-rules/`]: { rules: [] },
  [`POST ${REPOSITORY}/build-links/`]: { namespace: 'alice', name: 'other' },
  [`POST ${REPOSITORY}/webhooks/`]: { name: 'another', urls: ['https://hooks.example/'] },
  [`PATCH ${REPOSITORY}/webhooks/:webhook/`]: { name: 'renamed' },
  [`PUT ${USER}/status/`]: { is_active: true, is_admin: true },
  'POST /api/v1.1/maintenance/': { kind: 'scrub' },
};

const NUMBERS: readonly (readonly [part: string, field: keyof Stage])[] = [
  ['/account/tokens/', 'token'],
  ['/account/teams/', 'invitation'],
  ['/robots/', 'robotToken'],
  ['/invitations/', 'orgInvitation'],
  ['/admin/storage/', 'run'],
];

function usernameFor(path: string): string {
  if (path.includes('/teams/')) return path.endsWith('/members/') ? 'acme+bolt-real' : 'mona';
  return path === '/account/username/' ? 'alicia' : 'dora';
}

/** The fields of all forms at once, since each form reads only its own. */
export function formOf(
  { path }: SweptRoute,
  values: ReadonlyMap<string, string>,
  stage: Stage,
): Record<string, string> {
  const repository = values.get('name') ?? '';
  const isRepository = path.startsWith('/r/') || path.startsWith('/_/');
  const fullName = path.startsWith('/r/') ? `alice/${repository}` : repository;
  const ours = repository.startsWith('base') ? stage.base : stage.vault;
  const number = NUMBERS.find(([part]) => path.includes(part))?.[1];
  const commented = path.startsWith('/admin/comments/') ? ours.comment.real : '71717';
  return {
    id: number === undefined ? commented : (stage[number] as { real: string }).real,
    namespace: 'alice',
    name: path.startsWith('/admin/comments/')
      ? 'vault-real'
      : path.startsWith('/admin/plans/delete/')
        ? 'xlarge'
        : 'fresh',
    limit: '7',
    layers: '10g',
    plan: 'micro',
    owner: 'carol',
    active: 'on',
    confirmation: isRepository ? fullName : path.startsWith('/organizations/') ? 'acme' : 'alice',
    text: 'hello',
    target: path.startsWith('/_/') ? 'base-real' : 'alice/other',
    tag: 'copied',
    event: ours.event.real,
    side: 'after',
    starred: 'no',
    account: 'alice',
    username: usernameFor(path),
    password: 'another password',
    current_password: 'alicepw',
    email: 'alice@example.com',
    code: '000000',
    whom: 'nancy',
    group: 'builders',
    team: 'crew-real',
    organization: 'acme',
    description: 'changed',
    full_description: 'changed',
    visibility: 'private',
    access: 'read',
    hook_name: 'another',
    urls: 'https://hooks.example/',
    patterns: 'stable*',
    provider: 'git',
    clone_url: 'https://git.example/app.git',
    ref_pattern: 'master',
    dockerfile_path: 'Dockerfile',
    docker_tag: 'latest',
    schedule: '17 3 * * *',
    base: 'alice/other',
    keep_last: '7',
    kind: path.startsWith('/markdown/') ? 'readme' : 'scrub',
    full_name: 'changed',
    location: 'changed',
    to_namespace: path.startsWith('/_/') ? 'library' : 'alice',
    to_name: 'moved',
    alias_namespace: 'alice',
    alias_name: 'vault-was',
    version: '*',
    step: 'allow',
  };
}
