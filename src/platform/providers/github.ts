import { z } from 'zod';
import type {
  CommitState,
  GitProvider,
  ProviderSettings,
  RemoteRepository,
  RepositoryPage,
  RepositoryQuery,
} from './git-provider';
import { githubLikeCalls, repositoryFrom, repositoryShape } from './github-like';
import { failureOf } from './provider-error';
import { ProviderOAuth, clientBasic } from './provider-oauth';
import { ProviderApi, read, sendTo } from './provider-request';

/* GitHub and GitHub Enterprise Server: https://docs.github.com/en/rest */

const NAME = 'GitHub';

const STATES: Record<CommitState, string> = {
  pending: 'pending',
  running: 'pending',
  success: 'success',
  failure: 'failure',
  error: 'error',
  superseded: 'error',
};

/** There is no search for a name among the repositories that a user can reach, so that pages are read and filtered. */
const PAGES_OF_A_SEARCH = 5;
const ENOUGH = 50;

async function list(api: ProviderApi, token: string, query: RepositoryQuery): Promise<RepositoryPage> {
  const { access, cursor, search } = query;
  const visibility = access === 'full' ? 'all' : 'public';
  const first = Math.max(1, Number.parseInt(cursor ?? '1', 10) || 1);
  const repositories: RemoteRepository[] = [];
  for (let page = first; page < first + PAGES_OF_A_SEARCH; page += 1) {
    const path = `/user/repos?visibility=${visibility}&sort=pushed&per_page=100&page=${page}`;
    const { body, headers } = await api.ask(token, 'GET', path);
    const rows = read(NAME, z.array(repositoryShape), body);
    const usable = rows.filter(({ permissions }) => access === 'limited' || permissions?.admin === true);
    const found = usable.filter(({ full_name: name }) => name.toLowerCase().includes(search.toLowerCase()));
    repositories.push(...found.map(repositoryFrom));
    if (headers.get('link')?.includes('rel="next"') !== true) return { repositories, next: undefined };
    if (search === '' || repositories.length >= ENOUGH) return { repositories, next: String(page + 1) };
  }
  return { repositories, next: String(first + PAGES_OF_A_SEARCH) };
}

/** GitHub. */
export function github(settings: ProviderSettings): GitProvider {
  const { baseUrl } = settings;
  const root = baseUrl === 'https://github.com' ? 'https://api.github.com' : `${baseUrl}/api/v3`;
  const api = new ProviderApi(NAME, root);
  const places = {
    name: NAME,
    authorize: `${baseUrl}/login/oauth/authorize`,
    token: `${baseUrl}/login/oauth/access_token`,
    usesPkce: true,
    usesBasic: false,
  };
  const oauth = new ProviderOAuth(places, settings);
  return {
    kind: 'github',
    name: NAME,
    baseUrl,
    // No scope is read access to what is public.
    authorizationUrl: (request, access) => oauth.authorizationUrl(request, access === 'full' ? 'repo' : undefined),
    exchangeCode: (request, code) => oauth.exchangeCode(request, code),
    refresh: (token) => oauth.refresh(token),
    hasFullAccess: ({ scopes }) => scopes?.includes('repo') === true,
    revoke: async ({ accessToken }) => {
      const url = `${root}/applications/${encodeURIComponent(settings.clientId)}/token`;
      const authorization = clientBasic(settings);
      const answer = await sendTo(NAME, {
        method: 'DELETE',
        url,
        authorization,
        json: { access_token: accessToken },
      });
      // 404 and 422: the token is not valid any longer.
      if (![204, 404, 422].includes(answer.status)) throw failureOf(NAME, answer);
    },
    repositories: (token, query) => list(api, token, query),
    ...githubLikeCalls(api, {
      longPage: 'per_page=100',
      hookBody: ({ url, secret }) => {
        const config = { url, content_type: 'json', secret, insecure_ssl: '0' };
        return { name: 'web', active: true, events: ['push'], config };
      },
      stateOf: (state) => STATES[state],
    }),
  };
}
