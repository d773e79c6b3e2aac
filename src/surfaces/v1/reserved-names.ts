import type { Context } from '../../context';
import type { Actor } from '../../features/access/actor';
import { getReadable } from '../../features/repositories/get-repository';
import { isReserved, LIBRARY, noSuchName } from '../../features/repositories/names';
import { AppError } from '../../platform/errors';
import type { Access, V1Exchange, V1Handler } from './access';
import { UnknownUrlError } from './errors';

/**
 * A push of `alice/images` begins with `PUT /v1/repositories/alice/images/`, which is also a path of `library/alice`.
 */
const OPENING = /^(?:\/v1)?\/repositories\/[^/]+\/([^/]+)\/$/;

function isRefusal(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'not_found' || error.code === 'unauthenticated');
}

/** Whether it is the name of a library repository that the caller may read. */
async function isOfLibrary(ctx: Context, actor: Actor, name: string): Promise<boolean> {
  try {
    await getReadable(ctx, actor, { namespace: LIBRARY, name }, { followsAliases: true });
    return true;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}

/** The reserved name that a user who has logged in tried to push to; undefined: there is none. */
async function reservedName(ctx: Context, exchange: V1Exchange<Access>): Promise<string | undefined> {
  const { req, params, caller } = exchange;
  if (req.method !== 'PUT' || caller?.kind !== 'user' || params['namespace'] !== undefined) return undefined;
  const name = OPENING.exec((req.url ?? '').split('?')[0] ?? '')?.[1];
  const namespace = params['repository'] ?? '';
  if (name === undefined || !isReserved(name) || (await isOfLibrary(ctx, caller, namespace))) return undefined;
  return noSuchName({ namespace, name });
}

/**
 * Explains why a push to a reserved name fails. Engines end the path of an image list, or of properties, without a
 * slash, and the path of a repository with one. So a PUT with a slash, if there is no such library repository, began a
 * push to a name that is reserved.
 */
export function tellingReserved<A extends Access>(handle: V1Handler<A>): V1Handler<A> {
  return async (ctx, exchange) => {
    try {
      return await handle(ctx, exchange);
    } catch (error) {
      const reason = isRefusal(error) ? await reservedName(ctx, exchange) : undefined;
      throw reason === undefined ? error : new UnknownUrlError(reason, { cause: error });
    }
  };
}
