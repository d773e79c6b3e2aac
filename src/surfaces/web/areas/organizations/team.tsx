import type { Context } from '../../../../context';
import { invite } from '../../../../features/namespaces/invitations';
import {
  addTeamGroup,
  listTeamGroups,
  removeTeamGroup,
  type TeamGroup,
} from '../../../../features/namespaces/team-groups';
import { addMember, listMembers, removeMember } from '../../../../features/namespaces/team-members';
import { showTeam, type Team, type TeamPlace } from '../../../../features/namespaces/teams';
import type { Member, WebExchange, WebHandler } from '../../access';
import { AccountName } from '../../components/avatar';
import { Ago } from '../../components/quantities';
import { DangerButton } from '../../components/buttons';
import { Actions, Field, Form } from '../../components/forms';
import { Badge, Empty, Panel, Table } from '../../components/page-parts';
import { Paging, pageAsked } from '../../components/paging';
import { attempt, naming } from '../../problems';
import { page, redirect } from '../../reply';
import type { View } from '../../view';
import { GroupsOfTeam } from './team-groups';
import { OrganizationFrame, organizationOf, organizationPath } from './frame';

function teamPath({ organization, team }: TeamPlace, rest = ''): string {
  return organizationPath(organization, `teams/${encodeURIComponent(team)}/${rest}`);
}

async function placeOf(ctx: Context, exchange: WebExchange<'anyone'>): Promise<TeamPlace> {
  const { namespace } = await organizationOf(ctx, exchange);
  return { organization: namespace, team: exchange.params['team'] ?? '' };
}

interface Owned {
  readonly visitor: Member;
  readonly team: Team;
  readonly place: TeamPlace;
  readonly groups: readonly TeamGroup[];
}

function Owning({ visitor, team, place, groups }: Owned): View {
  return (
    <div>
      <Panel title="Invite someone">
        <Form visitor={visitor} action={teamPath(place, 'invite/')}>
          <Field label="Username or email address" name="whom" required maxlength={254} autocomplete="off" />
          <Actions>
            <button type="submit">Send invitation</button>
          </Actions>
        </Form>
      </Panel>
      {!team.isOwners && (
        <Panel title="Add a robot">
          <Form visitor={visitor} action={teamPath(place, 'members/')}>
            <Field
              label="Robot"
              name="username"
              required
              maxlength={64}
              hint={`Such as ${place.organization}+deploy`}
            />
            <Actions>
              <button type="submit" class="quiet">
                Add robot
              </button>
            </Actions>
          </Form>
        </Panel>
      )}
      <GroupsOfTeam visitor={visitor} groups={groups} path={teamPath(place)} />
      <Panel title="Description">
        <Form visitor={visitor} action={teamPath(place, 'description/')}>
          <Field label="Description" name="description" value={team.description} maxlength={255} />
          <Actions>
            <button type="submit" class="quiet">
              Save
            </button>
          </Actions>
        </Form>
      </Panel>
      {!team.isOwners && (
        <Panel title="Delete the team" tone="danger">
          <p>Its members lose the access the team gave them.</p>
          <DangerButton
            visitor={visitor}
            action={teamPath(place, 'delete/')}
            class="danger"
            text="Delete this team"
            question={`The team ${team.name} is deleted. This cannot be undone.`}
          />
        </Panel>
      )}
    </div>
  );
}

/** A team and its members. */
export const getTeamPage: WebHandler<'member'> = async (ctx, exchange) => {
  const { caller, query } = exchange;
  const organization = await organizationOf(ctx, exchange);
  const place = await placeOf(ctx, exchange);
  const team = await showTeam(ctx, caller.actor, place);
  const asked = pageAsked(query);
  const { total, members } = await listMembers(ctx, caller.actor, place, asked);
  const groups = await listTeamGroups(ctx, caller.actor, place);
  const me = caller.login.account.username;
  const { canManage } = organization;
  return page(
    caller,
    { title: `${team.name} of ${team.organization}`, section: 'dashboard' },
    <OrganizationFrame visitor={caller} organization={organization} current="teams/">
      <h2 class="title-line">
        {team.name} {team.isOwners && <Badge tone="official">owns the organization</Badge>}
      </h2>
      {team.description !== '' && <p>{team.description}</p>}
      <div class={canManage ? 'columns' : ''}>
        <div>
          {members.length === 0 && (
            <Empty title="No members yet">
              <p>Invite people by username or email address.</p>
            </Empty>
          )}
          {members.length > 0 && (
            <Table caption={`Members of ${team.name}`} head={['Member', 'Since', '']}>
              {members.map(({ username, isRobot, since, group }) => (
                <tr>
                  <td>
                    <AccountName name={username} isRobot={isRobot} /> {isRobot && <Badge>robot</Badge>}
                    {group !== undefined && <Badge>group {group}</Badge>}
                  </td>
                  <td>
                    <Ago at={since} />
                  </td>
                  <td class="number">
                    {(canManage || username === me) && (
                      <DangerButton
                        visitor={caller}
                        action={teamPath(place, 'remove/')}
                        fields={{ username }}
                        label={username === me ? 'Leave the team' : `Remove ${username}`}
                        text={username === me ? 'Leave' : 'Remove'}
                        question={`${username === me ? 'You lose' : `${username} loses`} the access that the team gives.`}
                      />
                    )}
                  </td>
                </tr>
              ))}
            </Table>
          )}
          <Paging asked={asked} total={total} path={teamPath(place)} />
          <p class="fine">To set what the team can do with a repository, go to the repository's settings, Teams.</p>
        </div>
        {canManage && <Owning visitor={caller} team={team} place={place} groups={groups} />}
      </div>
    </OrganizationFrame>,
  );
};

/** A form that does something to a team and goes back to its page with the result. */
function acting(
  act: (ctx: Context, place: TeamPlace, exchange: WebExchange<'member-form'>) => Promise<string>,
): WebHandler<'member-form'> {
  return async (ctx, exchange) => {
    const place = await placeOf(ctx, exchange);
    const { done, fault } = await attempt(() => act(ctx, place, exchange));
    const notice = fault === undefined ? done : { text: fault.text, kind: 'problem' as const };
    return redirect(exchange.caller, teamPath(place), { notice });
  };
}

export const postInvite = acting(async (ctx, place, { caller }) => {
  const whom = caller.form.required('whom', 'The username or email address');
  await naming(() => invite(ctx, caller.actor, place, whom.includes('@') ? { email: whom } : { username: whom }));
  return `${whom} was invited. The invitation is in an email and under "Your teams".`;
});

export const postAddMember = acting(async (ctx, place, { caller }) => {
  const username = caller.form.required('username', 'The robot');
  const isNew = await naming(() => addMember(ctx, caller.actor, place, username));
  return isNew ? `${username} is now in the team.` : `${username} was already in the team.`;
});

export const postAddGroup = acting(async (ctx, place, { caller }) => {
  const group = caller.form.required('group', 'The group');
  const isNew = await addTeamGroup(ctx, caller.actor, place, group);
  return isNew ? `Members of ${group} join the team when they sign in.` : `The team already has the group ${group}.`;
});

export const postRemoveGroup = acting(async (ctx, place, { caller }) => {
  const group = caller.form.required('group', 'The group');
  await naming(() => removeTeamGroup(ctx, caller.actor, place, group));
  return `The team no longer has the group ${group}.`;
});

export const postRemoveMember: WebHandler<'member-form'> = async (ctx, exchange) => {
  const { caller } = exchange;
  const place = await placeOf(ctx, exchange);
  const username = caller.form.required('username', 'The member');
  const { fault } = await attempt(() => removeMember(ctx, caller.actor, place, username));
  if (fault !== undefined) return redirect(caller, teamPath(place), { notice: { text: fault.text, kind: 'problem' } });
  const isSelf = username === caller.login.account.username;
  // A user who has left the last of their teams can no longer see the pages of the organization.
  if (isSelf) return redirect(caller, '/organizations/', { notice: `You have left the team ${place.team}.` });
  return redirect(caller, teamPath(place), { notice: `${username} is no longer in the team.` });
};
