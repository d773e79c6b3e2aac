import { endOneSession, endOtherSessions, listSessions, type Session } from '../../../../features/accounts/sessions';
import { endedSessionCookie } from '../../../../platform/http/session-cookie';
import type { Member, WebHandler } from '../../access';
import { Ago } from '../../components/quantities';
import { DangerButton } from '../../components/buttons';
import { Badge, Table } from '../../components/page-parts';
import { redirect } from '../../reply';
import type { View } from '../../view';
import { accountPage, usernameOf } from './frame';

const PATH = '/account/sessions/';

function SessionRow({ member, session }: { member: Member; session: Session }): View {
  const { id, address, userAgent, createdAt, lastSeenAt, expiresAt } = session;
  const isThis = id === member.login.session.id;
  return (
    <tr>
      <td>
        {address} {isThis && <Badge tone="good">this session</Badge>}
        <br />
        <small>{userAgent === '' ? 'unknown client' : userAgent}</small>
      </td>
      <td>
        <Ago at={createdAt} />
      </td>
      <td>
        <Ago at={lastSeenAt} />
      </td>
      <td>
        <Ago at={expiresAt} />
      </td>
      <td class="number">
        <DangerButton
          visitor={member}
          action={`${PATH}end/`}
          fields={{ id: String(id) }}
          label={`End the session from ${address}${isThis ? ', which is this one' : ''}`}
          text="End"
          question={isThis ? 'This signs you out here.' : 'The browser there is signed out.'}
        />
      </td>
    </tr>
  );
}

export const getSessions: WebHandler<'member'> = async (ctx, { caller }) => {
  const sessions = await listSessions(ctx, caller.actor, usernameOf(caller));
  return accountPage(
    caller,
    PATH,
    <>
      <p>Your active sessions. If you do not recognise one, end it and change your password.</p>
      <Table caption="Your sessions" head={['From', 'Signed in', 'Last seen', 'Expires', '']}>
        {sessions.map((session) => (
          <SessionRow member={caller} session={session} />
        ))}
      </Table>
      {sessions.length > 1 && (
        <DangerButton
          visitor={caller}
          action={`${PATH}end-others/`}
          class="quiet"
          text="End all other sessions"
          question="All other browsers are signed out."
        />
      )}
    </>,
  );
};

export const postEnd: WebHandler<'member-form'> = async (ctx, { req, caller }) => {
  const id = caller.form.id('id');
  await endOneSession(ctx, caller.actor, usernameOf(caller), id);
  if (id !== caller.login.session.id) return redirect(caller, PATH, { notice: 'The session has ended.' });
  return redirect(caller, '/', { notice: 'You are signed out.', cookies: [endedSessionCookie(req, ctx.settings)] });
};

export const postEndOthers: WebHandler<'member-form'> = async (ctx, { caller }) => {
  await endOtherSessions(ctx, caller.actor, usernameOf(caller), caller.login.session.id);
  return redirect(caller, PATH, { notice: 'All other sessions have ended.' });
};
