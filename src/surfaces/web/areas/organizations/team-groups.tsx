import type { TeamGroup } from '../../../../features/namespaces/team-groups';
import type { Member } from '../../access';
import { DangerButton } from '../../components/buttons';
import { Actions, Field, Form } from '../../components/forms';
import { Panel, Table } from '../../components/page-parts';
import type { View } from '../../view';

interface Place {
  readonly visitor: Member;
  /** of the team's page */
  readonly path: string;
}

function AddGroup({ visitor, path }: Place): View {
  return (
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
  );
}

/** The groups of the provider whose members are in a team, and for site administrators the form that adds one. */
export function GroupsOfTeam({ visitor, groups, path }: Place & { readonly groups: readonly TeamGroup[] }): View {
  const mayAdd = visitor.login.account.isAdmin;
  const { providerName: name } = visitor;
  if (groups.length === 0 && (name === undefined || !mayAdd)) return <></>;
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
      {mayAdd ? <AddGroup visitor={visitor} path={path} /> : <p class="fine">Site administrators add groups.</p>}
    </Panel>
  );
}
