import { requiresAuthorization } from '../../features/access/current-account';
import { asksForLogin } from '../../features/repositories/visibility';
import { AppError } from '../../platform/errors';
import type { V1Handler } from './access';
import { repositoryOf } from './requests';

/**
 * Turns the 404 of an anonymous caller into a 401 if the repository is private, as the image list does: wget and other
 * tools that were given a password send it only after a challenge. The answer discloses no more than that of the image
 * list.
 */
export function challengingForPrivate(handle: V1Handler<'registry'>): V1Handler<'registry'> {
  return async (ctx, exchange) => {
    const { caller, params } = exchange;
    const mayLogIn = async (): Promise<boolean> =>
      caller.kind === 'anonymous' && (await asksForLogin(ctx, caller, repositoryOf(params)));
    try {
      const reply = await handle(ctx, exchange);
      if (reply.status !== 404 || !(await mayLogIn())) return reply;
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'not_found') || !(await mayLogIn())) throw error;
    }
    throw requiresAuthorization();
  };
}
