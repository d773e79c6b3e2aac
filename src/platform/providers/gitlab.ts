import { z } from 'zod';
import type {
  CommitState,
  CommitStatus,
  GitProvider,
  ProviderSettings,
  RemoteRepository,
  RepositoryPage,
  RepositoryQuery,
} from './git-provider';
import { isKey } from './github-like';
import { failureOf, ProviderError } from './provider-error';
import { ProviderOAuth } from './provider-oauth';
import { ProviderApi, read, sendTo } from './provider-request';

/* GitLab: https://docs.gitlab.com/api/rest and https://docs.gitlab.com/api/oauth2 */

const NAME = 'GitLab';
const PAGE = 50;
/** Maintainer: may change hooks and deploy keys. */
const MAINTAINER = 40;

const projectShape = z.looseObject({
  id: z.number(),
  path_with_namespace: z.string(),
  http_url_to_repo: z.string(),
  ssh_url_to_repo: z.string(),
  visibility: z.string().nullish(),
  default_branch: z.string().nullish(),
});
const idShape = z.looseObject({ id: z.number() });
const hooksShape = z.array(z.looseObject({ id: z.number(), url: z.string() }));
const keysShape = z.array(z.looseObject({ id: z.number(), key: z.string() }));

const STATES: Record<CommitState, string> = {
  pending: 'pending',
  running: 'running',
  success: 'success',
  failure: 'failed',
  error: 'failed',
  superseded: 'canceled',
};

function repositoryFrom(row: z.infer<typeof projectShape>): RemoteRepository {
  return {
    id: String(row.id),
    fullName: row.path_with_namespace,
    httpsUrl: row.http_url_to_repo,
    sshUrl: row.ssh_url_to_repo,
    isPrivate: row.visibility !== 'public',
    defaultBranch: row.default_branch ?? undefined,
  };
}

async function list(api: ProviderApi, token: string, query: RepositoryQuery): Promise<RepositoryPage> {
  const { access, cursor, search } = query;
  const parameters = new URLSearchParams({
    membership: 'true',
    archived: 'false',
    order_by: 'last_activity_at',
    per_page: String(PAGE),
    page: String(Math.max(1, Number.parseInt(cursor ?? '1', 10) || 1)),
    ...(access === 'full' ? { min_access_level: String(MAINTAINER) } : { visibility: 'public' }),
    ...(search === '' ? {} : { search, search_namespaces: 'true' }),
  });
  const { body, headers } = await api.ask(token, 'GET', `/projects?${parameters.toString()}`);
  const next = headers.get('x-next-page') ?? '';
  const repositories = read(NAME, z.array(projectShape), body).map(repositoryFrom);
  return { repositories, next: /^\d+$/.test(next) ? next : undefined };
}

async function setStatus(api: ProviderApi, token: string, path: string, status: CommitStatus): Promise<void> {
  const { commit, state, context: name, url, description } = status;
  const body = { state: STATES[state], name, target_url: url, description };
  try {
    await api.ask(token, 'POST', `${path}/statuses/${commit}`, body);
  } catch (error) {
    // It refuses a status that the commit has already.
    if (!(error instanceof ProviderError) || !error.message.includes('Cannot transition status')) throw error;
  }
}

/** GitLab. */
export function gitlab(settings: ProviderSettings): GitProvider {
  const { baseUrl, clientId, clientSecret } = settings;
  const api = new ProviderApi(NAME, `${baseUrl}/api/v4`);
  const places = {
    name: NAME,
    authorize: `${baseUrl}/oauth/authorize`,
    token: `${baseUrl}/oauth/token`,
    usesPkce: true,
    usesBasic: false,
  };
  const oauth = new ProviderOAuth(places, settings);
  const of = (repository: string): string => `/projects/${encodeURIComponent(repository)}`;
  return {
    kind: 'gitlab',
    name: NAME,
    baseUrl,
    authorizationUrl: (request, access) => oauth.authorizationUrl(request, access === 'full' ? 'api' : 'read_api'),
    exchangeCode: (request, code) => oauth.exchangeCode(request, code),
    refresh: (token) => oauth.refresh(token),
    hasFullAccess: ({ scopes }) => scopes === undefined || scopes.includes('api'),
    revoke: async ({ accessToken }) => {
      const form = { client_id: clientId, client_secret: clientSecret, token: accessToken };
      const answer = await sendTo(NAME, { method: 'POST', url: `${baseUrl}/oauth/revoke`, form });
      if (answer.status !== 200) throw failureOf(NAME, answer);
    },
    user: async (token) => {
      const shape = z.looseObject({ id: z.number(), username: z.string() });
      const { id, username } = await api.get(token, '/user', shape);
      return { id: String(id), login: username };
    },
    repositories: (token, query) => list(api, token, query),
    repository: async (token, name) => repositoryFrom(await api.get(token, of(name), projectShape)),
    addHook: async (token, repository, { url, secret }) => {
      const hooks = await api.get(token, `${of(repository)}/hooks?per_page=100`, hooksShape);
      const known = hooks.find((hook) => hook.url === url);
      if (known !== undefined) return String(known.id);
      const events = { push_events: true, tag_push_events: true, enable_ssl_verification: true };
      const hook = { url, token: secret, ...events };
      return String((await api.post(token, `${of(repository)}/hooks`, hook, idShape)).id);
    },
    removeHook: (token, repository, id) => api.remove(token, `${of(repository)}/hooks/${id}`),
    addKey: async (token, repository, { title, publicKey }) => {
      const keys = await api.get(token, `${of(repository)}/deploy_keys?per_page=100`, keysShape);
      const known = keys.find(({ key }) => isKey(publicKey, key));
      if (known !== undefined) return String(known.id);
      const key = { title, key: publicKey, can_push: false };
      return String((await api.post(token, `${of(repository)}/deploy_keys`, key, idShape)).id);
    },
    removeKey: (token, repository, id) => api.remove(token, `${of(repository)}/deploy_keys/${id}`),
    setStatus: (token, repository, status) => setStatus(api, token, of(repository), status),
  };
}
