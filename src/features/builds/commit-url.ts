import type { Provider } from './sources.store';

/* Where people see a commit: the page that a provider has for it. */

/** Hosts whose pages are known, also if the source says only that it is a git repository. */
const KNOWN_HOSTS: Readonly<Record<string, Provider>> = {
  'github.com': 'github',
  'gitlab.com': 'gitlab',
  'bitbucket.org': 'bitbucket',
  'codeberg.org': 'gitea',
};

/** The part of the path of a commit's page before its hash. */
const COMMITS = {
  github: 'commit',
  gitlab: '-/commit',
  bitbucket: 'commits',
  gitea: 'commit',
} as const;

/** `/scm/KEY/name`, or `/KEY/name` over ssh: the page is `/projects/KEY/repos/name`. */
function bitbucketServerPath(path: string): string | undefined {
  const { key, name } = /^(?:\/scm)?\/(?<key>[^/]+)\/(?<name>[^/]+)$/.exec(path)?.groups ?? {};
  if (key === undefined || name === undefined) return undefined;
  return key.startsWith('~') ? `/users/${key.slice(1)}/repos/${name}` : `/projects/${key}/repos/${name}`;
}

/**
 * The page of a commit at its provider.
 *
 * @param source - a URL of ssh stands for https on the same host, since the port of its pages is not known
 * @returns undefined when the provider has none that is known
 */
export function commitUrl(
  { provider, cloneUrl }: { readonly provider: Provider; readonly cloneUrl: string },
  hash: string,
): string | undefined {
  if (!URL.canParse(cloneUrl) || !/^[0-9a-f]{7,64}$/.test(hash)) return undefined;
  const url = new URL(cloneUrl);
  if (url.protocol === 'git:') return undefined;
  const origin = url.protocol === 'ssh:' ? `https://${url.hostname}` : url.origin;
  const path = url.pathname.replace(/\/+$/, '').replace(/\.git$/, '');
  const site = provider === 'git' ? KNOWN_HOSTS[url.hostname] : provider;
  if (site === undefined || site === 'git') return undefined;
  if (site !== 'bitbucket-server') return `${origin}${path}/${COMMITS[site]}/${hash}`;
  const page = bitbucketServerPath(path);
  return page && `${origin}${page}/commits/${hash}`;
}
