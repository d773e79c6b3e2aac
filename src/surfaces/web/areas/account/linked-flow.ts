import type { IncomingMessage } from 'node:http';
import { beginLink, finishLink, LINK_SECONDS, readLink } from '../../../../features/builds/linked/link-flow';
import { AppError } from '../../../../platform/errors';
import { cookie, readCookie } from '../../../../platform/http/cookies';
import { empty, type Reply } from '../../../../platform/http/exchange';
import type { Member, WebHandler } from '../../access';
import { faultOf } from '../../problems';
import { redirect } from '../../reply';
import { usernameOf } from './frame';
import { LINKED } from './linked';

/* The way of a browser to a git provider, and back. */

const COOKIE = 'drydock_link';

function flowCookie({ origin }: Member, sealed: string): string {
  const maxAgeSeconds = sealed === '' ? 0 : LINK_SECONDS;
  return cookie(COOKIE, sealed, { maxAgeSeconds, isSecure: origin.startsWith('https:') });
}

function readFlowCookie(req: IncomingMessage): string | undefined {
  return readCookie(req, COOKIE);
}

export const postConnect: WebHandler<'member-form'> = (ctx, { caller }) => {
  const { form, login, origin } = caller;
  const access = form.text('access') === 'limited' ? 'limited' : 'full';
  const { userId } = login.account;
  const { url, sealed } = beginLink(ctx, { provider: form.text('provider'), access, userId, origin });
  return empty(303, { Location: url, 'Set-Cookie': [...caller.cookies, flowCookie(caller, sealed)] });
};

function problem(member: Member, text: string): Reply {
  return redirect(member, LINKED, { notice: { text, kind: 'problem' } });
}

export const getLinkCallback: WebHandler<'member'> = async (ctx, { req, query, params, caller }) => {
  const { userId } = caller.login.account;
  const answer = { state: query.get('state'), provider: params['provider'] ?? '', userId };
  const flow = readLink(ctx, readFlowCookie(req), answer);
  if (flow === undefined)
    return problem(caller, 'This link did not begin in this browser, was already used or took too long. Start again.');
  caller.cookies.push(flowCookie(caller, ''));
  try {
    const owner = { actor: caller.actor, username: usernameOf(caller) };
    const account = await finishLink(ctx, owner, flow, { query, origin: caller.origin });
    const who = `${account.login} of ${account.providerName}`;
    const isLess = flow.access === 'full' && account.access === 'limited';
    const text = `Your account is linked to ${who}${isLess ? ', only with limited access: more was not allowed' : ''}.`;
    return redirect(caller, LINKED, { notice: text });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return problem(caller, faultOf(error).text);
  }
};
