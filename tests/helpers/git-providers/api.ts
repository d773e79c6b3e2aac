import type { ProviderState, StandInHook, StandInRepository, StandInToken } from './state';

/** A request to the API of a stand-in, below its root. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  readonly token: StandInToken;
}

export interface Answered {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const ok = (body: unknown, headers: Readonly<Record<string, string>> = {}): Answered => ({
  status: 200,
  headers,
  body,
});
const created = (body: unknown): Answered => ({ status: 201, body });
const DELETED: Answered = { status: 204 };

/** What a provider has of its own: the shapes of its answers, from its documentation. */
export interface Dialect {
  /** the answer to the listing, or undefined for another path */
  list(state: ProviderState, asked: Asked): Answered | undefined;
  user(token: StandInToken): object;
  /** the path of a repository, without what follows; the rest is the second group */
  readonly repositoryPath: RegExp;
  find(state: ProviderState, key: string): StandInRepository | undefined;
  repository(repository: StandInRepository, token: StandInToken): object;
  readonly keysPath: string;
  readonly statusPath: RegExp;
  hookIn(body: Asked['body']): Pick<StandInHook, 'url' | 'secret'>;
  hook(hook: StandInHook): object;
  keyIn(body: Asked['body']): { readonly publicKey: string; readonly isReadOnly: boolean };
  key(key: StandInRepository['keys'][number]): object;
  readonly notFound: unknown;
  mayAdminister(token: StandInToken): boolean;
  /** wraps a list of hooks or keys */
  wrap(items: readonly object[]): unknown;
}

let nextNumber = 5000;

function administer(dialect: Dialect, repository: StandInRepository, rest: string, asked: Asked): Answered | undefined {
  const { method, body } = asked;
  const [, kind = '', id] = /^\/([\w-]+)(?:\/([^/]+))?$/.exec(rest) ?? [];
  if (kind !== 'hooks' && kind !== dialect.keysPath) return undefined;
  const isHooks = kind === 'hooks';
  const all: { readonly id: string }[] = isHooks ? repository.hooks : repository.keys;
  if (method === 'DELETE') {
    const at = all.findIndex((one) => one.id === decodeURIComponent(id ?? ''));
    if (at < 0) return undefined;
    all.splice(at, 1);
    return DELETED;
  }
  if (method === 'GET') {
    const shown = isHooks ? repository.hooks.map(dialect.hook) : repository.keys.map(dialect.key);
    return ok(dialect.wrap(shown));
  }
  nextNumber += 1;
  if (isHooks) {
    const hook = { id: `{hook-${nextNumber}}`, ...dialect.hookIn(body), body };
    const numbered = dialect.repositoryPath.source.includes('repositories')
      ? hook
      : { ...hook, id: String(nextNumber) };
    repository.hooks.push(numbered);
    return created(dialect.hook(numbered));
  }
  const key = { id: String(nextNumber), ...dialect.keyIn(body) };
  repository.keys.push(key);
  return created(dialect.key(key));
}

/** Answers a request to the API. */
export function answer(state: ProviderState, dialect: Dialect, asked: Asked): Answered {
  const { method, path, token } = asked;
  const notFound: Answered = { status: 404, body: dialect.notFound };
  if (method === 'GET' && path === '/user') return ok(dialect.user(token));
  const listed = method === 'GET' ? dialect.list(state, asked) : undefined;
  if (listed !== undefined) return listed;
  const [, key = '', rest = ''] = dialect.repositoryPath.exec(path) ?? [];
  const repository = dialect.find(state, decodeURIComponent(key));
  const isSeen = repository !== undefined && (!repository.isPrivate || repository.admin === token.user.login);
  if (!isSeen) return notFound;
  if (rest === '') return ok(dialect.repository(repository, token));
  if (repository.admin !== token.user.login || !dialect.mayAdminister(token)) {
    const isHidden = state.kind === 'github';
    return isHidden ? notFound : { status: 403, body: { message: '403 Forbidden' } };
  }
  const commit = dialect.statusPath.exec(rest)?.[1];
  if (commit !== undefined && method === 'POST') {
    repository.statuses.push({ commit, body: asked.body });
    return created({ id: 1, ...asked.body });
  }
  return administer(dialect, repository, rest, asked) ?? notFound;
}

/** The repositories that a token sees, from the one that was added last. */
export function visible(state: ProviderState, token: StandInToken, withPrivate: boolean): StandInRepository[] {
  const seen = state.repositories.filter(({ isPrivate, admin }) =>
    isPrivate ? withPrivate && admin === token.user.login : true,
  );
  return seen.reverse();
}

/** A page of a list. */
export function pageOf<T>(
  items: readonly T[],
  query: URLSearchParams,
  sizeName: string,
): { page: number; items: T[]; isMore: boolean } {
  const page = Number(query.get('page') ?? '1');
  const size = Number(query.get(sizeName) ?? '30');
  return { page, items: items.slice((page - 1) * size, page * size), isMore: items.length > page * size };
}

export { ok };
