import type { ProviderKind } from '../../../src/platform/providers/git-provider';
import { ok, pageOf, visible, type Asked, type Dialect } from './api';
import type { StandInRepository, StandInToken } from './state';

/*
 * The APIs as their documentation has them:
 *   https://docs.github.com/en/rest, https://docs.gitlab.com/api/rest, https://docs.gitea.com/api,
 *   https://developer.atlassian.com/cloud/bitbucket/rest
 */

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const configOf = (body: Asked['body']): Record<string, unknown> => body['config'] as Record<string, unknown>;
const byName = (repositories: readonly StandInRepository[], name: string) =>
  repositories.find(({ fullName }) => fullName === name);
const isAdmin = (repository: StandInRepository, token: StandInToken): boolean => repository.admin === token.user.login;

const githubRepository = (repository: StandInRepository, token: StandInToken): object => ({
  id: repository.number,
  full_name: repository.fullName,
  private: repository.isPrivate,
  clone_url: `https://git.test/${repository.fullName}.git`,
  ssh_url: `git@git.test:${repository.fullName}.git`,
  default_branch: repository.defaultBranch,
  permissions: { admin: isAdmin(repository, token), push: isAdmin(repository, token), pull: true },
});

const githubLike = {
  repositoryPath: /^\/repos\/([^/]+\/[^/]+)(\/.*)?$/,
  find: (state: { repositories: StandInRepository[] }, key: string) => byName(state.repositories, key),
  repository: githubRepository,
  keysPath: 'keys',
  statusPath: /^\/statuses\/([0-9a-f]{40})$/,
  hookIn: (body: Asked['body']) => ({ url: text(configOf(body)['url']), secret: text(configOf(body)['secret']) }),
  // The secret is not shown.
  hook: ({ id, url }: { id: string; url: string }) => ({
    id: Number(id),
    type: 'Repository',
    active: true,
    events: ['push'],
    config: { url, content_type: 'json' },
  }),
  keyIn: (body: Asked['body']) => ({ publicKey: text(body['key']), isReadOnly: body['read_only'] === true }),
  // They show a key without its comment.
  key: ({ id, publicKey, isReadOnly }: { id: string; publicKey: string; isReadOnly: boolean }) => ({
    id: Number(id),
    key: publicKey.split(' ').slice(0, 2).join(' '),
    read_only: isReadOnly,
  }),
  wrap: (items: readonly object[]) => items,
};

const github: Dialect = {
  ...githubLike,
  notFound: { message: 'Not Found', documentation_url: 'https://docs.github.com/rest' },
  user: ({ user }) => ({ id: user.number, login: user.login, type: 'User' }),
  mayAdminister: ({ scope }) => scope.split(' ').includes('repo'),
  list: (state, { path, query, token }) => {
    if (path !== '/user/repos') return undefined;
    const isFull = token.scope === 'repo' && query.get('visibility') !== 'public';
    const { items, page, isMore } = pageOf(visible(state, token, isFull), query, 'per_page');
    const link = `<https://api.github.test/user/repos?page=${page + 1}>; rel="next", <https://x/>; rel="last"`;
    return ok(
      items.map((one) => githubRepository(one, token)),
      isMore ? { Link: link } : {},
    );
  },
};

const gitea: Dialect = {
  ...githubLike,
  notFound: { message: 'The target could not be found.', errors: [], url: 'https://gitea.test/api/swagger' },
  user: ({ user }) => ({ id: user.number, login: user.login, username: user.login }),
  mayAdminister: ({ scope }) => scope.includes('write:repository'),
  list: (state, { path, query, token }) => {
    if (path !== '/repos/search') return undefined;
    if (query.get('uid') !== String(token.user.number)) return ok({ ok: true, data: [] });
    const isFull = token.scope.includes('write:repository') && query.get('private') !== 'false';
    const found = visible(state, token, isFull).filter(({ fullName }) => fullName.includes(query.get('q') ?? ''));
    const { items } = pageOf(found, query, 'limit');
    const data = items.map((one) => githubRepository(one, token));
    return ok({ ok: true, data }, { 'X-Total-Count': String(found.length) });
  },
};

const gitlabProject = (repository: StandInRepository): object => ({
  id: repository.number,
  path_with_namespace: repository.fullName,
  visibility: repository.isPrivate ? 'private' : 'public',
  http_url_to_repo: `https://git.test/${repository.fullName}.git`,
  ssh_url_to_repo: `git@git.test:${repository.fullName}.git`,
  default_branch: repository.defaultBranch,
});

const gitlab: Dialect = {
  notFound: { message: '404 Project Not Found' },
  user: ({ user }) => ({ id: user.number, username: user.login, state: 'active' }),
  mayAdminister: ({ scope }) => scope === 'api',
  repositoryPath: /^\/projects\/([^/]+)(\/.*)?$/,
  find: (state, key) =>
    byName(state.repositories, key) ?? state.repositories.find(({ number }) => String(number) === key),
  repository: gitlabProject,
  keysPath: 'deploy_keys',
  statusPath: /^\/statuses\/([0-9a-f]{40})$/,
  hookIn: (body) => ({ url: text(body['url']), secret: text(body['token']) }),
  hook: ({ id, url }) => ({ id: Number(id), url, push_events: true, tag_push_events: true }),
  keyIn: (body) => ({ publicKey: text(body['key']), isReadOnly: body['can_push'] === false }),
  key: ({ id, publicKey, isReadOnly }) => ({ id: Number(id), key: publicKey, can_push: !isReadOnly }),
  wrap: (items) => items,
  list: (state, { path, query, token }) => {
    if (path !== '/projects') return undefined;
    const seen = visible(state, token, query.get('visibility') !== 'public');
    const found = seen.filter(
      (one) =>
        one.fullName.includes(query.get('search') ?? '') &&
        (query.get('min_access_level') !== '40' || isAdmin(one, token)),
    );
    const { items, page, isMore } = pageOf(found, query, 'per_page');
    return ok(items.map(gitlabProject), { 'X-Next-Page': isMore ? String(page + 1) : '' });
  },
};

const bitbucketRepository = (repository: StandInRepository): object => ({
  uuid: `{repository-${repository.number}}`,
  full_name: repository.fullName,
  is_private: repository.isPrivate,
  mainbranch: { type: 'branch', name: repository.defaultBranch },
  links: {
    clone: [
      { name: 'https', href: `https://alice-there@git.test/${repository.fullName}.git` },
      { name: 'ssh', href: `git@git.test:${repository.fullName}.git` },
    ],
  },
});

const bitbucket: Dialect = {
  notFound: { type: 'error', error: { message: 'Repository not found' } },
  user: ({ user }) => ({
    uuid: `{user-${user.number}}`,
    nickname: user.login,
    display_name: user.login,
    type: 'user',
  }),
  mayAdminister: () => true,
  repositoryPath: /^\/repositories\/([^/]+\/[^/]+)(\/.*)?$/,
  find: (state, key) => byName(state.repositories, key),
  repository: bitbucketRepository,
  keysPath: 'deploy-keys',
  statusPath: /^\/commit\/([0-9a-f]{40})\/statuses\/build$/,
  hookIn: (body) => ({ url: text(body['url']), secret: text(body['secret']) }),
  hook: ({ id, url }) => ({ uuid: id, url, active: true, events: ['repo:push'], secret_set: true }),
  keyIn: (body) => ({ publicKey: text(body['key']), isReadOnly: true }),
  key: ({ id, publicKey }) => ({ id: Number(id), key: publicKey.split(' ').slice(0, 2).join(' '), type: 'deploy_key' }),
  wrap: (values) => ({ pagelen: 100, page: 1, values }),
  list: (state, { path, query, token }) => {
    const slugs = [...new Set(state.repositories.map(({ fullName }) => fullName.split('/')[0] ?? ''))];
    if (path === '/user/workspaces')
      return ok({ values: slugs.map((slug) => ({ type: 'workspace_access', workspace: { slug } })) });
    const slug = /^\/repositories\/([^/]+)$/.exec(path)?.[1];
    if (slug === undefined) return undefined;
    const q = query.get('q') ?? '';
    const part = /name ~ "([^"]*)"/.exec(q)?.[1] ?? '';
    const found = visible(state, token, !q.includes('is_private = false')).filter(
      (one) =>
        one.fullName.startsWith(`${slug}/`) &&
        one.fullName.includes(part) &&
        (query.get('role') !== 'admin' || isAdmin(one, token)),
    );
    const { items, page, isMore } = pageOf(found, query, 'pagelen');
    const next = isMore ? { next: `https://elsewhere.test/steal?page=${page + 1}` } : {};
    return ok({ values: items.map(bitbucketRepository), page, ...next });
  },
};

export const DIALECTS: Record<ProviderKind, Dialect> = { github, bitbucket, gitlab, gitea };
