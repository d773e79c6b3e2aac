import { displayName } from '../../../../features/repositories/names';
import { deleteAtOnce } from '../../../../features/repositories/deletion';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import type { Reply } from '../../../../platform/http/exchange';
import { plural } from '../../components/quantities';
import { Actions, Field, Form, Problem } from '../../components/forms';
import { Panel } from '../../components/page-parts';
import { RepositoryFrame } from '../../components/repository-frame';
import { attempt } from '../../problems';
import { page, redirect } from '../../reply';
import type { Visitor } from '../../visitor';
import { ofDeletion, settingsPage, settingsPath } from './settings-page';

function show(
  visitor: Visitor,
  repository: RepositoryDetails,
  { typed = '', problem, status = 200 }: { typed?: string; problem?: string; status?: number } = {},
): Reply {
  const name = displayName(repository);
  return settingsPage(
    visitor,
    repository,
    { title: 'Delete', current: 'delete/', status },
    <Panel title="Delete this repository" tone="danger">
      <p>
        {plural(repository.tagCount, 'tag')}, and all images, comments, webhooks and former names of{' '}
        <strong>{name}</strong> will be deleted. This cannot be undone.
      </p>
      <Problem text={problem} />
      <Form visitor={visitor}>
        <Field
          label="Name of the repository"
          name="confirmation"
          value={typed}
          required
          autocomplete="off"
          expects={name}
          hint={
            <>
              Type <code>{name}</code> to confirm.
            </>
          }
        />
        <Actions>
          <button type="submit" class="danger">
            Delete permanently
          </button>
        </Actions>
      </Form>
    </Panel>,
  );
}

/** The page after a v1 DELETE that began the deletion, with a button to finish it. */
function showEnd(visitor: Visitor, repository: RepositoryDetails, problem?: string): Reply {
  const name = displayName(repository);
  return page(
    visitor,
    { title: `Delete · ${name}`, ...(problem === undefined ? {} : { status: 409 }) },
    <RepositoryFrame visitor={visitor} repository={repository} current="settings/">
      <Panel title="This repository is being deleted" tone="danger">
        <Problem text={problem} />
        <p>
          A v1 client has started to delete <strong>{name}</strong>. It cannot be pulled from or pushed to. It will be
          deleted, and its name released, 24 hours after that request, or now:
        </p>
        <Form visitor={visitor} action={settingsPath(repository, 'delete/')}>
          <Actions>
            <button type="submit" class="danger">
              Delete now
            </button>
          </Actions>
        </Form>
      </Panel>
    </RepositoryFrame>,
  );
}

export const getDelete = ofDeletion<'member'>((_ctx, { caller }, repository) =>
  repository.state === 'deleting' ? showEnd(caller, repository) : show(caller, repository),
);

export const postDelete = ofDeletion<'member-form'>(async (ctx, { caller }, repository) => {
  const name = displayName(repository);
  const typed = caller.form.text('confirmation');
  const isEnd = repository.state === 'deleting';
  if (!isEnd && typed !== name) {
    const problem = `This is not the name of the repository. Type ${name} to delete it.`;
    return show(caller, repository, { typed, problem, status: 400 });
  }
  const { fault } = await attempt(() => deleteAtOnce(ctx, repository));
  if (fault !== undefined) {
    if (isEnd) return showEnd(caller, repository, fault.text);
    return show(caller, repository, { typed, problem: fault.text, status: fault.status });
  }
  return redirect(caller, '/dashboard/', { notice: `${name} was deleted.` });
});
