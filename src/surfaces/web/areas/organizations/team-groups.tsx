import type { TeamGroup } from '../../../../features/namespaces/team-groups';
import type { Member } from '../../access';
import { DangerButton } from '../../components/buttons';
import { Actions, Field, Form } from '../../components/forms';
import { Panel, Table } from '../../components/page-parts';
import type { View } from '../../view';

/** The groups of the provider whose members are in a team, and the form that adds one. */
export function GroupsOfTeam({
  visitor,
  groups,
  path,
}: {
  readonly visitor: Member;
  readonly groups: readonly TeamGroup[];
  /** of the team's page */
  readonly path: string;
}): View {
  const { providerName: name } = visitor;
  if (name === undefined && groups.length === 0) return <></>;
  return (
    <Panel title="Groups">
      <p>
        Members of these groups of {name ?? 'the provider'} join the team when they sign in, and leave it when they are
        no longer in the group.
      </p>
      {groups.length > 0 && (
        <Table caption="Groups of the team" head={['Group', '']}>
          {groups.map((group) => (
            <tr>
              <td>
                <code>{group.name}</code>
              </td>
              <td class="number">
                <DangerButton
                  visitor={visitor}
                  action={`${path}groups/remove/`}
                  fields={{ group: group.name }}
                  label={`Remove the group ${group.name}`}
                  text="Remove"
                  question="Members who are in the team only because of the group leave it now."
                />
              </td>
            </tr>
          ))}
        </Table>
      )}
      <Form visitor={visitor} action={`${path}groups/`}>
        <Field
          label="Group"
          name="group"
          required
          maxlength={255}
          autocomplete="off"
          hint="Exactly as the provider names it."
        />
        <Actions>
          <button type="submit" class="quiet">
            Add group
          </button>
        </Actions>
      </Form>
    </Panel>
  );
}
