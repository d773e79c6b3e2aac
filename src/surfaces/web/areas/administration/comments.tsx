import { displayName } from '../../../../features/repositories/names';
import { getAdministered, getParticipant } from '../../../../features/repositories/get-repository';
import { dismissFlags, listAllFlaggedComments } from '../../../../features/social/comment-flags';
import { deleteComment } from '../../../../features/social/comments';
import type { RepositoryName } from '../../../../features/access/actor';
import type { WebHandler } from '../../access';
import { Ago, plural } from '../../components/quantities';
import { ActButton, DangerButton } from '../../components/buttons';
import { Empty } from '../../components/page-parts';
import type { Form } from '../../form';
import { page, redirect } from '../../reply';
import { repositoryPath } from '../../repository-path';
import { AdministrationFrame } from './frame';

const SHOWN = 50;

/** The comments that readers have reported. */
export const getComments: WebHandler<'administrator'> = async (ctx, { caller }) => {
  const comments = await listAllFlaggedComments(ctx, caller.actor, { limit: SHOWN });
  return page(
    caller,
    { title: 'Flagged comments', section: 'admin' },
    <AdministrationFrame title="Flagged comments" current="/admin/comments/">
      {comments.length === 0 && (
        <Empty title="No flagged comments">
          <p>Comments that readers flag wait here for review.</p>
        </Empty>
      )}
      <ul class={comments.length === 0 ? 'unseen' : 'rows'}>
        {comments.map(({ id, author, text, createdAt, repository, flags }) => {
          const fields = { id: String(id), namespace: repository.namespace, name: repository.name };
          return (
            <li>
              <p class="title-line">
                <a href={`/u/${author}/`}>{author}</a> on{' '}
                <a href={repositoryPath(repository, 'comments/')}>{displayName(repository)}</a>{' '}
                <small>{plural(flags, 'flag')}</small>{' '}
                <small>
                  <Ago at={createdAt} />
                </small>
              </p>
              <blockquote>{text}</blockquote>
              <div class="actions">
                <ActButton visitor={caller} action="/admin/comments/dismiss/" fields={fields}>
                  Keep
                </ActButton>
                <DangerButton
                  visitor={caller}
                  action="/admin/comments/delete/"
                  fields={fields}
                  text="Delete"
                  question="The comment is deleted for everyone."
                />
              </div>
            </li>
          );
        })}
      </ul>
    </AdministrationFrame>,
  );
};

function commentOf(form: Form): { id: number; repository: RepositoryName } {
  return {
    id: form.id('id'),
    repository: { namespace: form.text('namespace'), name: form.text('name') },
  };
}

export const postDismiss: WebHandler<'administrator-form'> = async (ctx, { caller }) => {
  const { id, repository } = commentOf(caller.form);
  await dismissFlags(ctx, await getAdministered(ctx, caller.actor, repository), id);
  return redirect(caller, '/admin/comments/', { notice: 'The comment was kept and its flags were removed.' });
};

export const postDeleteComment: WebHandler<'administrator-form'> = async (ctx, { caller }) => {
  const { id, repository } = commentOf(caller.form);
  await deleteComment(ctx, await getParticipant(ctx, caller.actor, repository), id);
  return redirect(caller, '/admin/comments/', { notice: 'The comment was deleted.' });
};
