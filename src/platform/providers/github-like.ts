import { z } from 'zod';
import type { CommitStatus, GitProvider, RemoteRepository } from './git-provider';
import { inPath, type ProviderApi } from './provider-request';

/* What the API of Gitea has from that of GitHub: repositories, hooks, deploy keys and statuses. */

/** A repository, as both have it. */
export const repositoryShape = z.looseObject({
  full_name: z.string(),
  clone_url: z.string(),
  ssh_url: z.string(),
  private: z.boolean(),
  default_branch: z.string().nullish(),
  permissions: z.looseObject({ admin: z.boolean() }).nullish(),
});

const userShape = z.looseObject({ id: z.number(), login: z.string() });
const idShape = z.looseObject({ id: z.number() });
const hooksShape = z.array(z.looseObject({ id: z.number(), config: z.looseObject({ url: z.string().nullish() }) }));
const keysShape = z.array(z.looseObject({ id: z.number(), key: z.string() }));

export function repositoryFrom(row: z.infer<typeof repositoryShape>): RemoteRepository {
  return {
    id: row.full_name,
    fullName: row.full_name,
    httpsUrl: row.clone_url,
    sshUrl: row.ssh_url,
    isPrivate: row.private,
    defaultBranch: row.default_branch ?? undefined,
  };
}

/** Whether a key is the one that the provider shows, mostly without its comment. */
export function isKey(publicKey: string, shown: string): boolean {
  const bare = (key: string): string => key.split(' ').slice(0, 2).join(' ');
  return bare(publicKey) === bare(shown);
}

/** What differs. */
export interface GitHubLike {
  /** the query for a long page of a list */
  readonly longPage: string;
  readonly hookBody: (config: { readonly url: string; readonly secret: string }) => object;
  readonly stateOf: (state: CommitStatus['state']) => string;
}

/** The calls that are the same. */
export function githubLikeCalls(
  api: ProviderApi,
  { longPage, hookBody, stateOf }: GitHubLike,
): Pick<GitProvider, 'user' | 'repository' | 'addHook' | 'removeHook' | 'addKey' | 'removeKey' | 'setStatus'> {
  const of = (repository: string): string => `/repos/${inPath(repository)}`;
  return {
    user: async (token) => {
      const { id, login } = await api.get(token, '/user', userShape);
      return { id: String(id), login };
    },
    repository: async (token, name) => repositoryFrom(await api.get(token, of(name), repositoryShape)),
    addHook: async (token, repository, hook) => {
      const hooks = await api.get(token, `${of(repository)}/hooks?${longPage}`, hooksShape);
      const known = hooks.find(({ config }) => config.url === hook.url);
      if (known !== undefined) return String(known.id);
      return String((await api.post(token, `${of(repository)}/hooks`, hookBody(hook), idShape)).id);
    },
    removeHook: (token, repository, id) => api.remove(token, `${of(repository)}/hooks/${id}`),
    addKey: async (token, repository, { title, publicKey }) => {
      const keys = await api.get(token, `${of(repository)}/keys?${longPage}`, keysShape);
      const known = keys.find(({ key }) => isKey(publicKey, key));
      if (known !== undefined) return String(known.id);
      const key = { title, key: publicKey, read_only: true };
      return String((await api.post(token, `${of(repository)}/keys`, key, idShape)).id);
    },
    removeKey: (token, repository, id) => api.remove(token, `${of(repository)}/keys/${id}`),
    setStatus: async (token, repository, { commit, state, context, url, description }) => {
      const status = { state: stateOf(state), target_url: url, description, context };
      await api.ask(token, 'POST', `${of(repository)}/statuses/${commit}`, status);
    },
  };
}
