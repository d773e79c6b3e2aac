import type { Needs } from '../../context';
import type { Actor, RepositoryName } from '../access/actor';
import { assertStillGood } from '../access/current-account';
import { canAdminister, canCreate, canManage, canRead, canWrite } from '../access/policy';
import { fullName, parseFullName, parseRepositoryName, sameRepository } from '../repositories/names';
import { findRepositoryAccess, type RepositoryAccess } from '../repositories/repository-access';
import { ACTIONS, type Action, type Granted } from './bearer-token';

/*
 * What a client asks a Bearer token for: `repository:ns/name:pull,push`. Several scopes are joined by spaces, or each
 * has a parameter of its own. The client gets what its account may do now, and no error for the rest, because clients
 * ask for more than they need. A missing repository and one that the account may not see both get nothing.
 */

/** A client asks for one repository, and for the sources of mounts. Each costs a query, and makes the token longer. */
const REPOSITORIES = 16;
const SCOPES = 64;
const CHARACTERS = 16 * 1024;

/** What a client asks for. */
export interface AskedScopes {
  /** each repository once */
  readonly repositories: readonly { readonly repository: RepositoryName; readonly actions: ReadonlySet<Action> }[];
  readonly hasCatalog: boolean;
}

function actionsIn(text: string): readonly Action[] {
  const asked = text.split(',');
  return asked.includes('*') ? ACTIONS : ACTIONS.filter((action) => asked.includes(action));
}

/**
 * Reads the scopes that a client sends. Scopes of unknown types, names that no repository has, and all beyond the limits
 * are ignored.
 *
 * @param texts - the values of all `scope` parameters
 */
export function parseScopes(texts: readonly string[]): AskedScopes {
  const asked = texts.join(' ').slice(0, CHARACTERS).split(' ').slice(0, SCOPES);
  const found = new Map<string, { repository: RepositoryName; actions: Set<Action> }>();
  for (const scope of asked) {
    const [, name = '', actions = ''] = /^repository:([^:]+):([^:]*)$/.exec(scope) ?? [];
    const repository = parseFullName(name);
    if (repository === undefined) continue;
    const known = found.get(fullName(repository)) ?? { repository, actions: new Set() };
    for (const action of actionsIn(actions)) known.actions.add(action);
    if (found.size < REPOSITORIES) found.set(fullName(repository), known);
  }
  const repositories = [...found.values()].filter(({ actions }) => actions.size > 0);
  return { repositories, hasCatalog: asked.includes('registry:catalog:*') };
}

/** What the account may do in a repository that it could create: all of it, once it has pushed there. */
function allowedOnceCreated({ principal, namespace, asked }: RepositoryAccess, hubLimits: boolean): readonly Action[] {
  const isName = parseRepositoryName(asked.namespace, asked.name, hubLimits) !== undefined;
  if (!isName || namespace === undefined || !canCreate(principal, namespace)) return [];
  return canManage(principal, namespace) ? ACTIONS : ['pull', 'push'];
}

function allowedBy(access: RepositoryAccess, hubLimits: boolean): readonly Action[] {
  const { asked, principal, repository } = access;
  if (repository === undefined) return allowedOnceCreated(access, hubLimits);
  if (repository.state === 'deleting' || !canRead(principal, repository)) return [];
  // A former name is good for pulls only.
  if (!sameRepository(asked, repository)) return ['pull'];
  const isAllowed = {
    pull: true,
    push: canWrite(principal, repository) && !repository.isRemote,
    delete: canAdminister(principal, repository),
  };
  return ACTIONS.filter((action) => isAllowed[action]);
}

/**
 * Grants the part of the scopes that the actor has a right to now.
 *
 * @throws AppError `unauthenticated`, `inactive` when the account behind the actor has changed
 */
export async function grantScopes(
  ctx: Needs<'db' | 'settings'>,
  actor: Actor,
  { repositories, hasCatalog }: AskedScopes,
): Promise<Granted> {
  if (repositories.length === 0) await assertStillGood(ctx, actor);
  const grants = [];
  for (const { repository, actions } of repositories) {
    const access = await findRepositoryAccess(ctx, actor, repository, { followsAliases: true });
    const allowed = allowedBy(access, ctx.settings.hubLimits).filter((action) => actions.has(action));
    if (allowed.length > 0) grants.push({ repository, actions: allowed });
  }
  return { grants, hasCatalog: hasCatalog && actor.kind !== 'anonymous' };
}
