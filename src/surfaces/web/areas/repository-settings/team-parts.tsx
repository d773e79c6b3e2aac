import type { AccessLevel } from '../../../../features/access/actor';
import type { TeamAccess } from '../../../../features/repositories/team-access';
import { DangerButton } from '../../components/buttons';
import { Actions, Form, Problem, Select } from '../../components/forms';
import { Empty, Panel, Table } from '../../components/page-parts';
import type { Fault } from '../../problems';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';

/** What each access lets a team do. */
export const ACCESS_LABELS: Readonly<Record<AccessLevel, string>> = {
  read: 'Pull',
  write: 'Pull and push',
  admin: 'Pull, push and change settings',
};

/** The teams that have access, with buttons to remove it. */
export function AccessTable({
  visitor,
  action,
  given,
}: {
  readonly visitor: Visitor;
  /** the path of the form that removes access */
  readonly action: string;
  readonly given: readonly TeamAccess[];
}): View {
  if (given.length === 0) {
    return (
      <Empty title="No teams have access yet">
        <p>Choose a team below and what it can do.</p>
      </Empty>
    );
  }
  return (
    <Table caption="Teams with access" head={['Team', 'Access', <span class="unseen">Remove</span>]}>
      {given.map(({ team, access }) => (
        <tr>
          <td>{team}</td>
          <td>{ACCESS_LABELS[access]}</td>
          <td>
            <DangerButton
              visitor={visitor}
              action={action}
              fields={{ team }}
              label={`Remove the access of ${team}`}
              text="Remove"
              question={`The members of ${team} lose this access.`}
            />
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** A form that gives a team access, or changes it. */
export function AccessForm(props: {
  readonly visitor: Visitor;
  readonly action: string;
  readonly organization: string;
  readonly teams: readonly string[];
  readonly values: { readonly team: string; readonly access: string };
  readonly fault?: Fault | undefined;
}): View {
  const { visitor, action, organization, teams, values, fault } = props;
  return (
    <Panel title="Give a team access">
      <Problem fault={fault} />
      {teams.length === 0 ? (
        <p>
          {organization} has no teams except its owners. An owner can create one on{' '}
          <a href={`/organizations/${organization}/`}>the page of {organization}</a>.
        </p>
      ) : (
        <Form visitor={visitor} fault={fault} action={action}>
          <Select
            label="Team"
            name="team"
            value={values.team}
            options={teams.map((name) => ({ value: name, label: name }))}
            hint="This replaces any access the team already has."
          />
          <Select
            label="Access"
            name="access"
            value={values.access}
            options={Object.entries(ACCESS_LABELS).map(([value, label]) => ({ value, label }))}
          />
          <Actions>
            <button type="submit">Give access</button>
          </Actions>
        </Form>
      )}
    </Panel>
  );
}
