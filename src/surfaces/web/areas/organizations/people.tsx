import {
  invite,
  listInvitations,
  withdrawInvitation,
  type Invitation,
} from '../../../../features/namespaces/invitations';
import { listOrganizationMembers } from '../../../../features/namespaces/organizations';
import { listTeams } from '../../../../features/namespaces/teams';
import type { Context } from '../../../../context';
import type { Reply } from '../../../../platform/http/exchange';
import type { WebExchange, WebHandler } from '../../access';
import { AccountName } from '../../components/avatar';
import { Ago } from '../../components/quantities';
import { DangerButton } from '../../components/buttons';
import { Actions, Field, Form, Problem, Select } from '../../components/forms';
import { Badge, Empty, Panel, Table } from '../../components/page-parts';
import { Paging, pageAsked } from '../../components/paging';
import { attempt, naming, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { OrganizationFrame, organizationOf, organizationPath } from './frame';

/** Everyone who is in a team of the organization. */
export const getMembers: WebHandler<'member'> = async (ctx, exchange) => {
  const { caller, query } = exchange;
  const organization = await organizationOf(ctx, exchange);
  const { namespace } = organization;
  const asked = pageAsked(query);
  const { total, members } = await listOrganizationMembers(ctx, caller.actor, namespace, asked);
  return page(
    caller,
    { title: `Members of ${namespace}`, section: 'dashboard' },
    <OrganizationFrame visitor={caller} organization={organization} current="members/">
      <Table caption={`Members of ${namespace}`} head={['Member', 'Teams']}>
        {members.map(({ username, isRobot, teams }) => (
          <tr>
            <td>
              <AccountName name={username} isRobot={isRobot} /> {isRobot && <Badge>robot</Badge>}
            </td>
            <td>
              <ul class="facts">
                {teams.map((team) => (
                  <li>
                    <a href={organizationPath(namespace, `teams/${team}/`)}>{team}</a>
                  </li>
                ))}
              </ul>
            </td>
          </tr>
        ))}
      </Table>
      <Paging asked={asked} total={total} path={organizationPath(namespace, 'members/')} />
    </OrganizationFrame>,
  );
};

/** The most teams in a list to choose from. */
const CHOICES = 500;

function InvitationTable({
  namespace,
  invitations,
  visitor,
}: {
  readonly namespace: string;
  readonly invitations: readonly Invitation[];
  readonly visitor: Visitor;
}): View {
  return (
    <Table caption="Pending invitations" head={['Who', 'Team', 'Invited', 'Expires', '']}>
      {invitations.map(({ id, username, email, team, invitedBy, createdAt, expiresAt }) => (
        <tr>
          <td>{username ?? email}</td>
          <td>{team}</td>
          <td>
            <Ago at={createdAt} /> by {invitedBy}
          </td>
          <td>
            <Ago at={expiresAt} />
          </td>
          <td class="number">
            <DangerButton
              visitor={visitor}
              action={organizationPath(namespace, 'invitations/withdraw/')}
              fields={{ id: String(id) }}
              label={`Withdraw the invitation of ${username ?? email ?? ''}`}
              text="Withdraw"
              question="The link in the email stops working."
            />
          </td>
        </tr>
      ))}
    </Table>
  );
}

async function invitationsPage(
  ctx: Context,
  exchange: WebExchange<'member'>,
  typed: { whom: string; team: string } = { whom: '', team: '' },
  fault?: Fault,
): Promise<Reply> {
  const { caller, query } = exchange;
  const organization = await organizationOf(ctx, exchange);
  const { namespace } = organization;
  const asked = pageAsked(query);
  const { total, invitations } = await listInvitations(ctx, caller.actor, namespace, asked);
  const { teams } = await listTeams(ctx, caller.actor, namespace, { limit: CHOICES, offset: 0 });
  return page(
    caller,
    { title: `Invitations of ${namespace}`, section: 'dashboard', status: fault?.status ?? 200 },
    <OrganizationFrame visitor={caller} organization={organization} current="invitations/">
      <div class="columns">
        <div>
          {invitations.length === 0 && (
            <Empty title="No pending invitations">
              <p>Invite people to a team; they join when they accept.</p>
            </Empty>
          )}
          {invitations.length > 0 && (
            <InvitationTable namespace={namespace} invitations={invitations} visitor={caller} />
          )}
          <Paging asked={asked} total={total} path={organizationPath(namespace, 'invitations/')} />
        </div>
        <Panel title="Invite someone">
          <Problem fault={fault} />
          <Form visitor={caller} fault={fault}>
            <Field
              label="Username or email address"
              name="whom"
              of={['username', 'email']}
              value={typed.whom}
              required
              maxlength={254}
              autocomplete="off"
            />
            <Select
              label="Team"
              name="team"
              value={typed.team}
              options={teams.map(({ name }) => ({ value: name, label: name }))}
            />
            <Actions>
              <button type="submit">Send invitation</button>
            </Actions>
          </Form>
        </Panel>
      </div>
    </OrganizationFrame>,
  );
}

export const getInvitations: WebHandler<'member'> = (ctx, exchange) => invitationsPage(ctx, exchange);

export const postInvitations: WebHandler<'member-form'> = async (ctx, exchange) => {
  const { caller } = exchange;
  const { namespace } = await organizationOf(ctx, exchange);
  const typed = { whom: caller.form.text('whom'), team: caller.form.text('team') };
  const whom = typed.whom.includes('@') ? { email: typed.whom } : { username: typed.whom };
  const place = { organization: namespace, team: typed.team };
  const { fault } = await attempt(() => naming(() => invite(ctx, caller.actor, place, whom), 'username'));
  if (fault !== undefined) return invitationsPage(ctx, exchange, typed, fault);
  return redirect(caller, organizationPath(namespace, 'invitations/'), { notice: `${typed.whom} was invited.` });
};

export const postWithdraw: WebHandler<'member-form'> = async (ctx, exchange) => {
  const { caller } = exchange;
  const { namespace } = await organizationOf(ctx, exchange);
  await withdrawInvitation(ctx, caller.actor, namespace, caller.form.id('id'));
  return redirect(caller, organizationPath(namespace, 'invitations/'), { notice: 'The invitation was withdrawn.' });
};
