import { z } from 'zod';
import type { CommitState, GitProvider, ProviderSettings, RepositoryPage, RepositoryQuery } from './git-provider';
import { githubLikeCalls, repositoryFrom, repositoryShape } from './github-like';
import { ProviderOAuth } from './provider-oauth';
import { ProviderApi, read } from './provider-request';

/* Gitea and Forgejo: https://docs.gitea.com/api and https://docs.gitea.com/development/oauth2-provider */

const NAME = 'Gitea';
const PAGE = 50;

const foundShape = z.looseObject({ data: z.array(repositoryShape) });

const SCOPES = { full: 'read:user write:repository', limited: 'read:user read:repository public-only' } as const;

const STATES: Record<CommitState, string> = {
  pending: 'pending',
  running: 'pending',
  success: 'success',
  failure: 'failure',
  error: 'error',
  superseded: 'warning',
};

async function list(api: ProviderApi, token: string, query: RepositoryQuery): Promise<RepositoryPage> {
  const { access, cursor, search, user } = query;
  const page = Math.max(1, Number.parseInt(cursor ?? '1', 10) || 1);
  const parameters = new URLSearchParams({
    uid: user.id,
    q: search,
    sort: 'updated',
    order: 'desc',
    limit: String(PAGE),
    page: String(page),
    ...(access === 'limited' ? { private: 'false' } : {}),
  });
  const { body, headers } = await api.ask(token, 'GET', `/repos/search?${parameters.toString()}`);
  const { data } = read(NAME, foundShape, body);
  const usable = data.filter((row) => (access === 'full' ? row.permissions?.admin === true : !row.private));
  const isMore = page * PAGE < Number(headers.get('x-total-count') ?? 0);
  return { repositories: usable.map(repositoryFrom), next: isMore ? String(page + 1) : undefined };
}

/** Gitea. */
export function gitea(settings: ProviderSettings): GitProvider {
  const { baseUrl } = settings;
  const api = new ProviderApi(NAME, `${baseUrl}/api/v1`);
  const places = {
    name: NAME,
    authorize: `${baseUrl}/login/oauth/authorize`,
    token: `${baseUrl}/login/oauth/access_token`,
    usesPkce: true,
    usesBasic: false,
  };
  const oauth = new ProviderOAuth(places, settings);
  return {
    kind: 'gitea',
    name: NAME,
    baseUrl,
    authorizationUrl: (request, access) => oauth.authorizationUrl(request, SCOPES[access]),
    exchangeCode: (request, code) => oauth.exchangeCode(request, code),
    refresh: (token) => oauth.refresh(token),
    // It does not say which scopes a token has.
    hasFullAccess: () => true,
    // It has no endpoint for this: the user removes the application in the settings there.
    revoke: () => Promise.resolve(),
    repositories: (token, query) => list(api, token, query),
    ...githubLikeCalls(api, {
      longPage: 'limit=50',
      hookBody: ({ url, secret }) => {
        const config = { url, content_type: 'json', secret };
        return { type: 'gitea', active: true, events: ['push'], config };
      },
      stateOf: (state) => STATES[state],
    }),
  };
}
