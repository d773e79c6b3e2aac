import { createHash } from 'node:crypto';
import { z } from 'zod';
import type {
  CommitState,
  GitProvider,
  ProviderSettings,
  RemoteRepository,
  RepositoryPage,
  RepositoryQuery,
} from './git-provider';
import { isKey } from './github-like';
import { ProviderError } from './provider-error';
import { ProviderOAuth } from './provider-oauth';
import { inPath, ProviderApi } from './provider-request';

/* Bitbucket Cloud: https://developer.atlassian.com/cloud/bitbucket/rest and …/cloud/bitbucket/oauth-2 */

const NAME = 'Bitbucket';
const PAGE = 50;

const repositoryShape = z.looseObject({
  full_name: z.string(),
  is_private: z.boolean(),
  mainbranch: z.looseObject({ name: z.string() }).nullish(),
  links: z.looseObject({ clone: z.array(z.looseObject({ name: z.string(), href: z.string() })) }),
});
const pageOf = <S extends z.ZodType>(shape: S) => z.looseObject({ values: z.array(shape), next: z.string().nullish() });
const slugShape = z.looseObject({ slug: z.string() });
const workspaceShape = z.union([z.looseObject({ workspace: slugShape }), slugShape]);
const hookShape = z.looseObject({ uuid: z.string(), url: z.string() });
const keyShape = z.looseObject({ id: z.number(), key: z.string() });

const STATES: Record<CommitState, string> = {
  pending: 'INPROGRESS',
  running: 'INPROGRESS',
  success: 'SUCCESSFUL',
  failure: 'FAILED',
  error: 'FAILED',
  superseded: 'STOPPED',
};

function repositoryFrom(row: z.infer<typeof repositoryShape>): RemoteRepository {
  const url = (name: string): string => row.links.clone.find((link) => link.name === name)?.href ?? '';
  return {
    id: row.full_name,
    fullName: row.full_name,
    httpsUrl: url('https').replace(/^(https?:\/\/)[^/@]*@/, '$1'),
    sshUrl: url('ssh'),
    isPrivate: row.is_private,
    defaultBranch: row.mainbranch?.name,
  };
}

async function workspaces(api: ProviderApi, token: string): Promise<string[]> {
  const shape = pageOf(workspaceShape);
  const { values } = await api.get(token, '/user/workspaces?pagelen=100', shape).catch((error: unknown) => {
    if (!(error instanceof ProviderError) || error.failure !== 'missing') throw error;
    return api.get(token, '/workspaces?role=member&pagelen=100', shape);
  });
  return values.map((value) => ('workspace' in value ? (value.workspace as { slug: string }).slug : value.slug));
}

/** Repositories are listed by workspace: a cursor is the workspace and the page in it. */
async function list(api: ProviderApi, token: string, query: RepositoryQuery): Promise<RepositoryPage> {
  const { access, cursor, search } = query;
  const slugs = (await workspaces(api, token)).sort();
  const [, from = '', pageText = '1'] = /^([^ ]*) (\d{1,6})$/.exec(cursor ?? '') ?? [];
  const slug = from === '' ? slugs[0] : slugs.find((one) => one === from);
  if (slug === undefined) return { repositories: [], next: undefined };
  const conditions = [
    ...(search === '' ? [] : [`name ~ ${JSON.stringify(search)}`]),
    ...(access === 'limited' ? ['is_private = false'] : []),
  ];
  const parameters = new URLSearchParams({
    role: access === 'full' ? 'admin' : 'member',
    sort: '-updated_on',
    pagelen: String(PAGE),
    page: pageText,
    ...(conditions.length === 0 ? {} : { q: conditions.join(' AND ') }),
  });
  const path = `/repositories/${encodeURIComponent(slug)}?${parameters.toString()}`;
  const page = await api.get(token, path, pageOf(repositoryShape));
  const repositories = page.values.map(repositoryFrom);
  // Only that there is a next page is read from its URL: the token goes nowhere but to the configured host.
  if (page.next !== null && page.next !== undefined) return { repositories, next: `${slug} ${Number(pageText) + 1}` };
  const following = slugs[slugs.indexOf(slug) + 1];
  return { repositories, next: following === undefined ? undefined : `${following} 1` };
}

/** Bitbucket Cloud. */
export function bitbucket(settings: ProviderSettings): GitProvider {
  const { baseUrl } = settings;
  const root = baseUrl === 'https://bitbucket.org' ? 'https://api.bitbucket.org/2.0' : `${baseUrl}/api/2.0`;
  const api = new ProviderApi(NAME, root);
  const places = {
    name: NAME,
    authorize: `${baseUrl}/site/oauth2/authorize`,
    token: `${baseUrl}/site/oauth2/access_token`,
    usesPkce: false,
    usesBasic: true,
  };
  const oauth = new ProviderOAuth(places, settings);
  const of = (repository: string): string => `/repositories/${inPath(repository)}`;
  return {
    kind: 'bitbucket',
    name: NAME,
    baseUrl,
    // The scopes are those of the consumer there.
    authorizationUrl: (request) => oauth.authorizationUrl(request, undefined),
    exchangeCode: (request, code) => oauth.exchangeCode(request, code),
    refresh: (token) => oauth.refresh(token),
    hasFullAccess: ({ scopes }) => scopes === undefined || scopes.includes('webhook'),
    // It has no endpoint for this: the user removes the application in the settings there.
    revoke: () => Promise.resolve(),
    user: async (token) => {
      const name = z.string().nullish();
      const shape = z.looseObject({ uuid: z.string(), username: name, nickname: name, display_name: name });
      const user = await api.get(token, '/user', shape);
      return { id: user.uuid, login: user.username ?? user.nickname ?? user.display_name ?? user.uuid };
    },
    repositories: (token, query) => list(api, token, query),
    repository: async (token, name) => repositoryFrom(await api.get(token, of(name), repositoryShape)),
    addHook: async (token, repository, { url, secret }) => {
      const { values } = await api.get(token, `${of(repository)}/hooks?pagelen=100`, pageOf(hookShape));
      const known = values.find((hook) => hook.url === url);
      if (known !== undefined) return known.uuid;
      const hook = { description: 'Drydock', url, active: true, events: ['repo:push'], secret };
      return (await api.post(token, `${of(repository)}/hooks`, hook, hookShape)).uuid;
    },
    removeHook: (token, repository, id) => api.remove(token, `${of(repository)}/hooks/${encodeURIComponent(id)}`),
    addKey: async (token, repository, { title, publicKey }) => {
      const { values } = await api.get(token, `${of(repository)}/deploy-keys?pagelen=100`, pageOf(keyShape));
      const known = values.find(({ key }) => isKey(publicKey, key));
      if (known !== undefined) return String(known.id);
      const key = { key: publicKey, label: title };
      return String((await api.post(token, `${of(repository)}/deploy-keys`, key, keyShape)).id);
    },
    removeKey: (token, repository, id) => api.remove(token, `${of(repository)}/deploy-keys/${id}`),
    setStatus: async (token, repository, { commit, state, context, url, description }) => {
      // A key has at most 40 characters.
      const key = createHash('sha256').update(context).digest('hex').slice(0, 40);
      const status = { key, state: STATES[state], name: context, url, description };
      await api.ask(token, 'POST', `${of(repository)}/commit/${commit}/statuses/build`, status);
    },
  };
}
