import type { IncomingMessage } from 'node:http';
import type { Context } from '../../../../context';
import type { Actor } from '../../../../features/accounts/actor';
import { verifyPassword } from '../../../../features/accounts/credentials';
import { findSession } from '../../../../features/accounts/sessions';
import { acceptInvitation, findInvitationBySecret, type Invitation } from '../../../../features/namespaces/invitations';
import { AppError } from '../../../../platform/errors';
import { csrfToken, isCsrfToken } from '../../../../platform/http/csrf';
import { readSessionCookie } from '../../../../platform/http/session-cookie';
import type { WebHandler } from '../../access';
import type { Form } from '../../form';
import { joinForm, page, sentence } from './pages';

/*
 * The page behind the link of a mailed invitation. Whoever has the link may join, with any account: that of the browser's
 * session, or one whose name and password are given here, which begins no session.
 */

const TITLE = 'Join a team';

/** Who is logged in in this browser. */
async function sessionOf(
  ctx: Context,
  req: IncomingMessage,
  address: string,
): Promise<{ username: string; secret: string; actor: Actor } | undefined> {
  const secret = readSessionCookie(req);
  const found = secret === undefined ? undefined : await findSession(ctx, secret);
  if (secret === undefined || found === undefined) return undefined;
  return { username: found.account.username, secret, actor: { kind: 'user', identity: found.identity, address } };
}

async function getInvitation(ctx: Context, secret: string): Promise<Invitation> {
  const invitation = await findInvitationBySecret(ctx, secret);
  if (invitation === undefined) throw new AppError('not_found', 'This link has expired, or it was used already');
  return invitation;
}

export const getInvitationPage: WebHandler<'anyone'> = async (ctx, { req, params, caller }) => {
  const invitation = await getInvitation(ctx, params['secret'] ?? '');
  const session = await sessionOf(ctx, req, caller.address);
  const member = session && { username: session.username, csrfToken: csrfToken(ctx.tokenKey, session.secret) };
  return page(200, TITLE, joinForm(invitation, member));
};

/** @returns undefined for a wrong password */
async function actorOf(ctx: Context, req: IncomingMessage, form: Form, address: string): Promise<Actor | undefined> {
  const username = form.text('username');
  if (username !== '') {
    const identity = await verifyPassword(ctx, username, form.raw('password'), address);
    return identity && { kind: 'user', identity, address };
  }
  const session = await sessionOf(ctx, req, address);
  if (session === undefined) throw new AppError('unauthenticated', 'You are logged out; open the link once more');
  if (isCsrfToken(ctx.tokenKey, session.secret, form.raw('csrf_token'))) return session.actor;
  throw new AppError('forbidden', 'This form is on another site, or too old');
}

export const postInvitationPage: WebHandler<'link-form'> = async (ctx, { req, params, caller }) => {
  const secret = params['secret'] ?? '';
  const invitation = await getInvitation(ctx, secret);
  const actor = await actorOf(ctx, req, caller.form, caller.address);
  if (actor === undefined) return page(400, TITLE, joinForm(invitation, undefined, 'Wrong username or password'));
  const { organization, team } = await acceptInvitation(ctx, actor, { secret });
  return sentence(200, 'You have joined', `You belong to the team ${team} of ${organization} now.`);
};
