import type { Context } from '../../../../context';
import { getNamespaceSettings } from '../../../../features/namespaces/settings';
import {
  addCollaborator,
  listCollaborators,
  removeCollaborator,
} from '../../../../features/repositories/collaborators';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import type { Reply } from '../../../../platform/http/exchange';
import { AccountName } from '../../components/avatar';
import { Ago } from '../../components/quantities';
import { DangerButton } from '../../components/buttons';
import { Actions, Field, Form, Problem } from '../../components/forms';
import { Empty, Panel, Table } from '../../components/page-parts';
import { attempt, naming, type Fault } from '../../problems';
import { redirect } from '../../reply';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { ofSettings, settingsPage, settingsPath, type AdministeredDetails } from './settings-page';

const PART = 'collaborators/';

function AddForm(props: {
  readonly visitor: Visitor;
  readonly action: string;
  readonly username: string;
  readonly fault?: Fault | undefined;
}): View {
  const { visitor, action, username, fault } = props;
  return (
    <Panel title="Add a collaborator">
      <Problem fault={fault} />
      <Form visitor={visitor} fault={fault} action={action}>
        <Field
          label="Username"
          name="username"
          value={username}
          required
          maxlength={255}
          hint="Collaborators can pull and push, but cannot change settings."
        />
        <Actions>
          <button type="submit">Add</button>
        </Actions>
      </Form>
    </Panel>
  );
}

function Collaborators({
  visitor,
  repository,
  list,
}: {
  readonly visitor: Visitor;
  readonly repository: RepositoryDetails;
  readonly list: Awaited<ReturnType<typeof listCollaborators>>;
}): View {
  if (list.length === 0) {
    return (
      <Empty title="No collaborators yet">
        <p>Add someone by username: they can pull and push immediately.</p>
      </Empty>
    );
  }
  return (
    <Table caption="Collaborators" head={['User', 'Since', <span class="unseen">Remove</span>]}>
      {list.map(({ username, since }) => (
        <tr>
          <td>
            <AccountName name={username} />
          </td>
          <td>
            <Ago at={since} />
          </td>
          <td>
            <DangerButton
              visitor={visitor}
              action={settingsPath(repository, `${PART}remove/`)}
              fields={{ username }}
              label={`Remove ${username}`}
              text="Remove"
              question={`${username} can no longer push, nor pull if the repository is private.`}
            />
          </td>
        </tr>
      ))}
    </Table>
  );
}

async function show(
  ctx: Context,
  visitor: Visitor,
  repository: AdministeredDetails,
  options: { username?: string; fault?: Fault } = {},
): Promise<Reply> {
  const { username = '', fault } = options;
  const parts = { title: 'Collaborators', current: PART, status: fault?.status ?? 200 } as const;
  const { kind } = await getNamespaceSettings(ctx, visitor.actor, repository.namespace);
  if (kind !== 'user') {
    const content = (
      <Empty title="Only repositories of users have collaborators">
        <p>
          {kind === 'organization' ? (
            <>
              {repository.namespace} is an organization: <a href={settingsPath(repository, 'teams/')}>its teams</a>{' '}
              determine who can pull and push.
            </>
          ) : (
            'Site administrators manage official repositories.'
          )}
        </p>
      </Empty>
    );
    return settingsPage(visitor, repository, parts, content);
  }
  const list = await listCollaborators(ctx, repository);
  return settingsPage(
    visitor,
    repository,
    parts,
    <>
      <h2>Collaborators</h2>
      <Collaborators visitor={visitor} repository={repository} list={list} />
      <AddForm visitor={visitor} action={settingsPath(repository, PART)} username={username} fault={fault} />
    </>,
  );
}

export const getCollaborators = ofSettings<'member'>((ctx, { caller }, repository) => show(ctx, caller, repository));

export const postCollaborator = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  const username = caller.form.text('username');
  const result = await attempt(() => naming(() => addCollaborator(ctx, repository, username), 'username'));
  if (result.fault !== undefined) {
    return show(ctx, caller, repository, { username, fault: result.fault });
  }
  const notice = result.done ? `${username} can now pull and push.` : `${username} was already a collaborator.`;
  return redirect(caller, settingsPath(repository, PART), { notice });
});

export const postCollaboratorRemoval = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  const username = caller.form.text('username');
  const { fault } = await attempt(() => naming(() => removeCollaborator(ctx, repository, username)));
  const text = fault?.text ?? `${username} is no longer a collaborator.`;
  const notice = { text, kind: fault === undefined ? 'done' : 'problem' } as const;
  return redirect(caller, settingsPath(repository, PART), { notice });
});
