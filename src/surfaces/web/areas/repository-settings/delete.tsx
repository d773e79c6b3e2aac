import { displayName } from '../../../../features/repositories/names';
import { deleteAtOnce } from '../../../../features/repositories/deletion';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { fieldError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import { plural } from '../../components/quantities';
import { ConfirmationField } from '../../components/confirmation-field';
import { Actions, Form, Problem } from '../../components/forms';
import { Panel } from '../../components/page-parts';
import { RepositoryFrame } from '../../components/repository-frame';
import { attempt, faultOf, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import type { Visitor } from '../../visitor';
import { ofDeletion, settingsPage, settingsPath } from './settings-page';

function show(
  visitor: Visitor,
  repository: RepositoryDetails,
  { typed = '', fault }: { typed?: string; fault?: Fault } = {},
): Reply {
  const name = displayName(repository);
  return settingsPage(
    visitor,
    repository,
    { title: 'Delete', current: 'delete/', status: fault?.status ?? 200 },
    <Panel title="Delete this repository" tone="danger">
      <p>
        {plural(repository.tagCount, 'tag')}, and all images, comments, webhooks and former names of{' '}
        <strong>{name}</strong> will be deleted. This cannot be undone.
      </p>
      <Problem fault={fault} />
      <Form visitor={visitor} fault={fault}>
        <ConfirmationField label="Name of the repository" expects={name} value={typed} />
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
function showEnd(visitor: Visitor, repository: RepositoryDetails, fault?: Fault): Reply {
  const name = displayName(repository);
  return page(
    visitor,
    { title: `Delete · ${name}`, ...(fault === undefined ? {} : { status: 409 }) },
    <RepositoryFrame visitor={visitor} repository={repository} current="settings/">
      <Panel title="This repository is being deleted" tone="danger">
        <Problem fault={fault} />
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
    const text = `This is not the name of the repository. Type ${name} to delete it.`;
    return show(caller, repository, { typed, fault: faultOf(fieldError('invalid', 'confirmation', text)) });
  }
  const { fault } = await attempt(() => deleteAtOnce(ctx, repository));
  if (fault !== undefined) {
    if (isEnd) return showEnd(caller, repository, fault);
    return show(caller, repository, { typed, fault });
  }
  return redirect(caller, '/dashboard/', { notice: `${name} was deleted.` });
});
