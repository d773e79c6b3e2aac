import type { IncomingMessage } from 'node:http';
import type { Context } from '../../../../context';
import type { ProviderUser } from '../../../../features/openid/claims';
import { signIn } from '../../../../features/openid/sign-in';
import { AppError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import { isMember } from '../../access';
import { redirect } from '../../reply';
import type { Visitor } from '../../visitor';
import { browserOf, cookieOf } from './browser';
import { codePage } from './code';
import { INACTIVE, loginPage } from './login';
import { createAccountPage } from './oidc-create';
import { linkPage } from './oidc-link';

/** Signs in, or asks an unknown user whether to create an account or to link the one that is signed in. */
export async function enter(
  ctx: Context,
  req: IncomingMessage,
  visitor: Visitor,
  { user, next, notice }: { readonly user: ProviderUser; readonly next: string; readonly notice?: string },
): Promise<Reply> {
  try {
    const done = await signIn(ctx, user, browserOf(req, visitor.address));
    if (done.kind === 'code_needed') return codePage(visitor, { next, ticket: done.ticket });
    if (done.kind === 'done') {
      const said = notice === undefined ? {} : { notice };
      return redirect(visitor, next, { ...said, cookies: [cookieOf(ctx, req, done)] });
    }
    return isMember(visitor)
      ? linkPage(ctx, visitor, { user, next })
      : await createAccountPage(ctx, visitor, { user, next });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'inactive') throw error;
    return loginPage(visitor, { next, fault: INACTIVE });
  }
}
