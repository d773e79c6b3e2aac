import type { Context } from '../../../../context';
import { getNamespaceSettings } from '../../../../features/namespaces/settings';
import {
  addCollaborator,
  listCollaborators,
  removeCollaborator,
} from '../../../../features/repositories/collaborators';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import type { Reply } from '../../../../platform/http/exchange';
import { Ago } from '../../components/quantities';
import { ActButton, Actions, Field, Form, Problem } from '../../components/forms';
import { Empty, Panel, Table } from '../../components/page-parts';
import { attempt, naming } from '../../problems';
import { redirect } from '../../reply';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { ofSettings, settingsPage, settingsPath, type AdministeredDetails } from './settings-page';

const PART = 'collaborators/';

function AddForm(props: {
  readonly visitor: Visitor;
  readonly action: string;
  readonly username: string;
  readonly problem?: string | undefined;
}): View {
  const { visitor, action, username, problem } = props;
  return (
    <Panel title="Add a collaborator">
      <Problem text={problem} />
      <Form visitor={visitor} action={action}>
        <Field
          label="Username"
          name="username"
          value={username}
          required
          maxlength={255}
          hint="Collaborators pull and push. They change no settings."
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
      <Empty title="Nobody collaborates here yet">
        <p>Add somebody by username: pulling and pushing works at once.</p>
      </Empty>
    );
  }
  return (
    <Table caption="Collaborators" head={['User', 'Since', <span class="unseen">Remove</span>]}>
      {list.map(({ username, since }) => (
        <tr>
          <td>
            <a href={`/u/${username}/`}>{username}</a>
          </td>
          <td>
            <Ago at={since} />
          </td>
          <td>
            <ActButton
              visitor={visitor}
              action={settingsPath(repository, `${PART}remove/`)}
              fields={{ username }}
              class="small danger"
              label={`Remove ${username}`}
            >
              Remove
            </ActButton>
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
  options: { username?: string; problem?: string; status?: number } = {},
): Promise<Reply> {
  const { username = '', problem, status = 200 } = options;
  const parts = { title: 'Collaborators', current: PART, status } as const;
  const { kind } = await getNamespaceSettings(ctx, visitor.actor, repository.namespace);
  if (kind !== 'user') {
    const content = (
      <Empty title="Only repositories of users have collaborators">
        <p>
          {kind === 'organization' ? (
            <>
              {repository.namespace} is an organization: <a href={settingsPath(repository, 'teams/')}>its teams</a>{' '}
              decide who pulls and pushes.
            </>
          ) : (
            'Administrators of this site look after official repositories.'
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
      <AddForm visitor={visitor} action={settingsPath(repository, PART)} username={username} problem={problem} />
    </>,
  );
}

export const getCollaborators = ofSettings<'member'>((ctx, { caller }, repository) => show(ctx, caller, repository));

export const postCollaborator = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  const username = caller.form.text('username');
  const result = await attempt(() => naming(() => addCollaborator(ctx, repository, username)));
  if (result.fault !== undefined) {
    return show(ctx, caller, repository, { username, problem: result.fault.text, status: result.fault.status });
  }
  const notice = result.done ? `${username} may pull and push now.` : `${username} was a collaborator already.`;
  return redirect(caller, settingsPath(repository, PART), { notice });
});

export const postCollaboratorRemoval = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  const username = caller.form.text('username');
  const { fault } = await attempt(() => naming(() => removeCollaborator(ctx, repository, username)));
  const text = fault?.text ?? `${username} is no collaborator any more.`;
  const notice = { text, kind: fault === undefined ? 'done' : 'problem' } as const;
  return redirect(caller, settingsPath(repository, PART), { notice });
});
