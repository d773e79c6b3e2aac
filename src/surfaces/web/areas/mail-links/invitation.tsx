import type { Context } from '../../../../context';
import { acceptInvitation, findInvitationBySecret, type Invitation } from '../../../../features/namespaces/invitations';
import { AppError } from '../../../../platform/errors';
import type { WebHandler } from '../../access';
import { Actions, Form } from '../../components/forms';
import { redirect } from '../../reply';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { boxPage, sentencePage } from './sentence';

/*
 * The page behind the link of a mailed invitation. Anyone with the link may join, with any account: that of the
 * browser's session. A visitor without a session logs in, or creates an account, and comes back here.
 */

async function getInvitation(ctx: Context, secret: string): Promise<Invitation> {
  const invitation = await findInvitationBySecret(ctx, secret);
  if (invitation === undefined) throw new AppError('not_found', 'This link has expired or has already been used');
  return invitation;
}

function comingBack(path: string, visitor: Visitor): string {
  return `${path}?next=${encodeURIComponent(visitor.url)}`;
}

function Answer({ visitor }: { visitor: Visitor }): View {
  if (visitor.login === undefined) {
    return (
      <>
        <p>Sign in to join, or create an account.</p>
        <Actions>
          <a class="button" href={comingBack('/account/login/', visitor)}>
            Sign in
          </a>
          <a class="button quiet" href={comingBack('/account/signup/', visitor)}>
            Sign up
          </a>
        </Actions>
      </>
    );
  }
  return (
    <Form visitor={visitor}>
      <p>
        You are logged in as <strong>{visitor.login.account.username}</strong>.
      </p>
      <Actions>
        <button type="submit">Join</button>
      </Actions>
    </Form>
  );
}

export const getInvitationPage: WebHandler<'anyone'> = async (ctx, { params, caller }) => {
  const { invitedBy, team, organization } = await getInvitation(ctx, params['secret'] ?? '');
  return boxPage(
    caller,
    'Join a team',
    <>
      <p>
        {invitedBy} has invited you to join the team <strong>{team}</strong> of <strong>{organization}</strong>.
      </p>
      <Answer visitor={caller} />
    </>,
  );
};

export const postInvitationPage: WebHandler<'link-form'> = async (ctx, { params, caller }) => {
  const secret = params['secret'] ?? '';
  await getInvitation(ctx, secret);
  if (caller.login === undefined) return redirect(caller, comingBack('/account/login/', caller));
  const { organization, team } = await acceptInvitation(ctx, caller.actor, { secret });
  return sentencePage(caller, 'You have joined', `You are now in the team ${team} of ${organization}.`);
};
