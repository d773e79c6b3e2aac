import type { IncomingMessage } from 'node:http';
import type { Context } from '../../../../context';
import type { ProviderUser } from '../../../../features/openid/claims';
import { assertOwnLogin, confirmByProvider } from '../../../../features/openid/confirm';
import { beginFlow, finishFlow, readFlow, type Flow } from '../../../../features/openid/flow';
import { limitedByNetwork } from '../../../../features/openid/network-limit';
import { empty, type Reply } from '../../../../platform/http/exchange';
import { isMember, LoginNeeded, type Member, type WebHandler } from '../../access';
import type { Fault } from '../../problems';
import { redirect } from '../../reply';
import type { Visitor } from '../../visitor';
import { loginPage } from './login';
import { nextOf } from './next';
import { confirmCodePage, CONFIRMED } from './oidc-confirm';
import { enter } from './oidc-enter';
import { asking, endedFlowCookie, flowCookie, purposeOf, readFlowCookie } from './oidc-flow';
import { linkPage, SIGN_INS } from './oidc-link';

/*
 * Sign-in with a provider. The browser goes to the provider with a GET and comes back with one; these change nothing
 * here except that they sign in. What needs a decision of the visitor is a form.
 */

/** A problem where the visitor can do something about it: on the page to sign in, or of their linked sign-ins. */
function problem(visitor: Visitor, next: string, fault: Fault): Reply {
  if (visitor.login === undefined) return loginPage(visitor, { next, fault });
  return redirect(visitor, SIGN_INS, { notice: { text: fault.text, kind: 'problem' } });
}

export const getToProvider: WebHandler<'anyone'> = async (ctx, { query, caller }) => {
  const purpose = purposeOf(query.get('for'));
  const next = nextOf(query.get('next'));
  if (purpose !== 'sign_in' && caller.login === undefined) throw new LoginNeeded();
  if (purpose === 'sign_in' && caller.login !== undefined) return redirect(caller, next);
  const { done, fault } = await asking(() => beginFlow(ctx, { purpose, next, origin: caller.origin }));
  if (fault !== undefined) return problem(caller, next, fault);
  return empty(303, { Location: done.url, 'Set-Cookie': [...caller.cookies, flowCookie(caller, done.sealed)] });
};

const NOT_BEGUN: Fault = {
  text: 'This sign-in did not begin in this browser, was already used or took too long. Start again.',
  status: 400,
};

export const getCallback: WebHandler<'anyone'> = async (ctx, { req, query, caller }) => {
  const flow = readFlow(ctx, readFlowCookie(req), query.get('state'));
  if (flow === undefined) return problem(caller, nextOf(null), NOT_BEGUN);
  caller.cookies.push(endedFlowCookie(caller));
  const next = nextOf(flow.next);
  const { done: user, fault } = await asking(() =>
    limitedByNetwork(ctx, caller.address, () => finishFlow(ctx, flow, { query, origin: caller.origin })),
  );
  if (fault !== undefined) return problem(caller, next, fault);
  return come(ctx, req, caller, { user, next, purpose: flow.purpose });
};

interface Coming {
  readonly user: ProviderUser;
  readonly next: string;
  readonly purpose: Flow['purpose'];
}

/** What happens to a visitor whom the provider has identified. */
async function come(ctx: Context, req: IncomingMessage, visitor: Visitor, coming: Coming): Promise<Reply> {
  const { user, next, purpose } = coming;
  if (purpose === 'sign_in') return enter(ctx, req, visitor, coming);
  if (!isMember(visitor)) throw new LoginNeeded();
  return purpose === 'link' ? linkPage(ctx, visitor, { user, next }) : confirm(ctx, visitor, coming);
}

async function confirm(ctx: Context, member: Member, { user, next }: Coming): Promise<Reply> {
  const { login, address } = member;
  const { userId, username } = login.account;
  const { fault } = await asking(() => assertOwnLogin(ctx, { userId, username }, user));
  if (fault !== undefined) return problem(member, next, fault);
  if (login.hasSecondFactor) return confirmCodePage(ctx, member, { next });
  await confirmByProvider(ctx, { id: login.session.id, userId, username, address }, undefined);
  return redirect(member, next, { notice: CONFIRMED });
}
