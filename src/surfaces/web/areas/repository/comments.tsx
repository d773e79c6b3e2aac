import { displayName } from '../../../../features/repositories/names';
import type { Context } from '../../../../context';
import { flagComment } from '../../../../features/social/comment-flags';
import { addComment, deleteComment, listComments } from '../../../../features/social/comments';
import { assertParticipant, type ParticipantRepository } from '../../../../features/repositories/access';
import { AppError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import type { WebExchange, WebHandler } from '../../access';
import { PREVIEW } from '../../components/markdown-area';
import { idOf, Older } from '../../components/older';
import { Empty } from '../../components/page-parts';
import { RepositoryFrame } from '../../components/repository-frame';
import type { Rendered } from '../../markdown';
import { attempt, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import { repositoryPath } from '../../repository-path';
import type { Visitor } from '../../visitor';
import { writtenText } from '../../written-text';
import { CommentForm, CommentList, fitting } from './comment-list';
import { repositoryAsked, repositoryPage, type ShownRepository } from './repository-page';

const COMMENTS = 20;

interface Parts {
  readonly repository: ShownRepository;
  readonly signal: AbortSignal;
  readonly before?: number | undefined;
  /** text that was typed but refused, or not posted yet */
  readonly text?: string;
  readonly preview?: Rendered;
  readonly fault?: Fault | undefined;
}

async function commentsPage(ctx: Context, visitor: Visitor, parts: Parts): Promise<Reply> {
  const { repository, signal, before, text = '', preview, fault } = parts;
  const found = await listComments(ctx, repository, { before, limit: COMMENTS + 1 });
  const comments = await fitting(ctx, { actor: visitor.actor, signal }, found.slice(0, COMMENTS));
  const next = comments.length < found.length ? comments.at(-1)?.id : undefined;
  const path = repositoryPath(repository, 'comments/');
  return page(
    visitor,
    { title: `Comments on ${displayName(repository)}`, ...(fault === undefined ? {} : { status: fault.status }) },
    <RepositoryFrame visitor={visitor} repository={repository} current="comments/">
      <h2 class="unseen">Comments</h2>
      <CommentForm visitor={visitor} action={path} text={text} preview={preview} fault={fault} />
      {comments.length === 0 && before === undefined && (
        <Empty title="No comments yet">
          <p>Share how the images work for you, or what others should know before they pull them.</p>
        </Empty>
      )}
      {comments.length > 0 && <CommentList visitor={visitor} repository={repository} comments={comments} />}
      <Older path={path} before={before} next={next} />
    </RepositoryFrame>,
  );
}

/** The comments on a repository, the latest first. */
export const getComments = repositoryPage<'anyone'>((ctx, { caller, query, signal }, repository) =>
  commentsPage(ctx, caller, { repository, signal, before: idOf(query.get('before')) }),
);

export const postComment: WebHandler<'member-form'> = async (ctx, { caller, params, signal }) => {
  const repository = await repositoryAsked(ctx, caller, params);
  const text = caller.form.lines('text');
  if (caller.form.isOn(PREVIEW)) {
    const preview = await writtenText(ctx, { actor: caller.actor, signal }, { text, kind: 'comment' });
    return commentsPage(ctx, caller, { repository, signal, text, preview });
  }
  const { fault } = await attempt(async () => addComment(ctx, assertParticipant(repository.access), text));
  if (fault !== undefined) return commentsPage(ctx, caller, { repository, signal, text, fault });
  return redirect(caller, repositoryPath(repository, 'comments/'), { notice: 'Comment posted.' });
};

type Act = (ctx: Context, repository: ParticipantRepository, commentId: number) => Promise<void>;

function onComment(act: Act, notice: string): WebHandler<'member-form'> {
  return async (ctx, { caller, params, signal }: WebExchange<'member-form'>) => {
    const repository = await repositoryAsked(ctx, caller, params);
    const id = idOf(params['comment']);
    if (id === undefined) throw new AppError('not_found', 'Comment not found');
    const { fault } = await attempt(async () => act(ctx, assertParticipant(repository.access), id));
    if (fault !== undefined) return commentsPage(ctx, caller, { repository, signal, fault });
    return redirect(caller, repositoryPath(repository, 'comments/'), { notice });
  };
}

export const postCommentDeletion = onComment(deleteComment, 'Comment deleted.');

export const postCommentFlag = onComment(
  flagComment,
  "Thank you. The repository's administrators will review the comment.",
);
