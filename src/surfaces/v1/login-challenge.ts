import { authorizationRequired } from '../../features/repositories/scope';
import { asksForLogin } from '../../features/repositories/visibility';
import { AppError } from '../../platform/errors';
import type { V1Handler } from './access';
import { repositoryOf } from './requests';

/**
 * Makes the 404 of an anonymous caller a 401 where the repository is private, as the image list does: wget, and other
 * tools that were given a password, send it only after a challenge. Nobody learns more than from the image list.
 */
export function challengingForPrivate(handle: V1Handler<'registry'>): V1Handler<'registry'> {
  return async (ctx, exchange) => {
    try {
      return await handle(ctx, exchange);
    } catch (error) {
      const { caller, params } = exchange;
      const isMissing = error instanceof AppError && error.code === 'not_found';
      if (!isMissing || caller.kind !== 'anonymous') throw error;
      throw (await asksForLogin(ctx, caller, repositoryOf(params))) ? authorizationRequired() : error;
    }
  };
}
