import { deleteAtOnce } from '../../../../features/repositories/deletion';
import type { RepositoryDetails } from '../../../../features/social/details';
import type { Reply } from '../../../../platform/http/exchange';
import { plural } from '../../components/figures';
import { Actions, Field, Form, Problem } from '../../components/forms';
import { Panel } from '../../components/page-parts';
import { redirect } from '../../reply';
import { shortName } from '../../repository-path';
import type { Visitor } from '../../visitor';
import { ofSettings, settingsPage } from './settings-page';

function show(
  visitor: Visitor,
  repository: RepositoryDetails,
  { typed = '', problem, status = 200 }: { typed?: string; problem?: string; status?: number } = {},
): Reply {
  const name = shortName(repository);
  return settingsPage(
    visitor,
    repository,
    { title: 'Delete', current: 'delete/', status },
    <Panel title="Delete this repository" tone="danger">
      <p>
        {plural(repository.tagCount, 'tag')}, all images, comments, webhooks and former names of <strong>{name}</strong>{' '}
        go with it. Nobody can bring them back.
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
              Type <code>{name}</code> to say that you mean it.
            </>
          }
        />
        <Actions>
          <button type="submit" class="danger">
            Delete it for good
          </button>
        </Actions>
      </Form>
    </Panel>,
  );
}

export const getDelete = ofSettings<'member'>((_ctx, { caller }, repository) => show(caller, repository));

export const postDelete = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  const name = shortName(repository);
  const typed = caller.form.text('confirmation');
  if (typed !== name) {
    const problem = `This is not the name of the repository. Type ${name} to delete it.`;
    return show(caller, repository, { typed, problem, status: 400 });
  }
  await deleteAtOnce(ctx, caller.actor, repository);
  return redirect(caller, '/dashboard/', { notice: `${name} is deleted.` });
});
