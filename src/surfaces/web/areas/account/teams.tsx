import type { Context } from '../../../../context';
import {
  acceptInvitation,
  declineInvitation,
  listOwnInvitations,
  type Invitation,
} from '../../../../features/namespaces/invitations';
import { removeMember } from '../../../../features/namespaces/team-members';
import { listOwnTeams, type OwnTeam } from '../../../../features/namespaces/teams';
import type { Reply } from '../../../../platform/http/exchange';
import type { Member, WebHandler } from '../../access';
import { Ago } from '../../components/quantities';
import { ActButton, DangerButton } from '../../components/buttons';
import { Problem } from '../../components/forms';
import { Empty, Panel, Table } from '../../components/page-parts';
import { attempt, type Fault } from '../../problems';
import { redirect } from '../../reply';
import type { View } from '../../view';
import { accountPage, usernameOf } from './frame';

const PATH = '/account/teams/';
/** A user with more invitations than these gets them from everyone; answering some makes room for the others. */
const INVITATIONS = 100;

function InvitationRow({ member, invitation }: { member: Member; invitation: Invitation }): View {
  const { id, organization, team, invitedBy, expiresAt } = invitation;
  const fields = { id: String(id) };
  return (
    <tr>
      <td>
        {organization} / {team}
      </td>
      <td>{invitedBy}</td>
      <td>
        <Ago at={expiresAt} />
      </td>
      <td class="number">
        <ActButton
          visitor={member}
          action={`${PATH}accept/`}
          fields={fields}
          label={`Join the team ${team} of ${organization}`}
        >
          Join
        </ActButton>
        <ActButton
          visitor={member}
          action={`${PATH}decline/`}
          fields={fields}
          label={`Decline the team ${team} of ${organization}`}
        >
          Decline
        </ActButton>
      </td>
    </tr>
  );
}

function TeamRow({ member, place }: { member: Member; place: OwnTeam }): View {
  const { organization, team, since } = place;
  return (
    <tr>
      <td>
        <a href={`/organizations/${organization}/`}>{organization}</a> /{' '}
        <a href={`/organizations/${organization}/teams/${team}/`}>{team}</a>
      </td>
      <td>
        <Ago at={since} />
      </td>
      <td class="number">
        <DangerButton
          visitor={member}
          action={`${PATH}leave/`}
          fields={{ organization, team }}
          label={`Leave the team ${team} of ${organization}`}
          text="Leave"
          question={`You lose the access that the team ${team} gives you. Only a new invitation brings you back.`}
        />
      </td>
    </tr>
  );
}

async function teamsPage(ctx: Context, member: Member, fault?: Fault): Promise<Reply> {
  const { invitations } = await listOwnInvitations(ctx, member.actor, { limit: INVITATIONS, offset: 0 });
  const teams = await listOwnTeams(ctx, member.actor);
  return accountPage(
    member,
    PATH,
    <>
      <Problem fault={fault} />
      {invitations.length > 0 && (
        <Panel title="Invitations">
          <Table caption="Invitations to teams" head={['Team', 'Invited by', 'Expires', '']}>
            {invitations.map((invitation) => (
              <InvitationRow member={member} invitation={invitation} />
            ))}
          </Table>
        </Panel>
      )}
      {teams.length === 0 ? (
        <Empty title="You are not in any team">
          <p>
            Organizations share repositories among teams. Ask to be invited to one, or{' '}
            <a href="/organizations/add/">create an organization</a>.
          </p>
        </Empty>
      ) : (
        <Table caption="Your teams" head={['Team', 'Since', '']}>
          {teams.map((place) => (
            <TeamRow member={member} place={place} />
          ))}
        </Table>
      )}
    </>,
    fault,
  );
}

export const getTeams: WebHandler<'member'> = (ctx, { caller }) => teamsPage(ctx, caller);

export const postAccept: WebHandler<'member-form'> = async (ctx, { caller }) => {
  const { organization, team } = await acceptInvitation(ctx, caller.actor, { id: caller.form.id('id') });
  return redirect(caller, PATH, { notice: `You are now in the team ${team} of ${organization}.` });
};

export const postDecline: WebHandler<'member-form'> = async (ctx, { caller }) => {
  await declineInvitation(ctx, caller.actor, caller.form.id('id'));
  return redirect(caller, PATH, { notice: 'The invitation was declined.' });
};

export const postLeave: WebHandler<'member-form'> = async (ctx, { caller }) => {
  const place = { organization: caller.form.text('organization'), team: caller.form.text('team') };
  const username = usernameOf(caller);
  const { fault } = await attempt(() => removeMember(ctx, caller.actor, place, username));
  if (fault !== undefined) return teamsPage(ctx, caller, fault);
  return redirect(caller, PATH, { notice: `You have left the team ${place.team} of ${place.organization}.` });
};
