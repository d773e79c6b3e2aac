import type { Needs } from '../../../../context';
import type { Comment } from '../../../../features/social/comments';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { Avatar } from '../../components/avatar';
import { Ago } from '../../components/quantities';
import { ActButton, DangerButton } from '../../components/buttons';
import { Actions, Form, Problem, TextArea } from '../../components/forms';
import { PreviewButton, PreviewPlace } from '../../components/markdown-area';
import { MarkdownText } from '../../components/markdown-text';
import type { Rendered } from '../../markdown';
import type { Fault } from '../../problems';
import { repositoryPath } from '../../repository-path';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { writtenText } from '../../written-text';

const PAGE_CHARACTERS = 48_000;

/** A comment with its HTML. */
export interface ShownComment extends Comment {
  readonly html: string;
}

/** The comments that fit on a page, at least one of them, because short text may produce long HTML. */
export async function fitting(
  ctx: Needs<'textWriters'>,
  asker: Parameters<typeof writtenText>[1],
  comments: readonly Comment[],
): Promise<ShownComment[]> {
  const shown: ShownComment[] = [];
  let room = PAGE_CHARACTERS;
  for (const comment of comments) {
    const { html } = await writtenText(ctx, asker, { text: comment.text, kind: 'comment' });
    room -= html.length;
    if (room < 0 && shown.length > 0) break;
    shown.push({ ...comment, html });
  }
  return shown;
}

/** The form for a comment, or a link to the login. */
export function CommentForm({
  visitor,
  action,
  text,
  preview,
  fault,
}: {
  readonly visitor: Visitor;
  readonly action: string;
  readonly text: string;
  readonly preview: Rendered | undefined;
  readonly fault: Fault | undefined;
}): View {
  if (visitor.login === undefined) {
    return (
      <p>
        <a href={`/account/login/?next=${encodeURIComponent(action)}`}>Sign in</a> to comment.
      </p>
    );
  }
  return (
    <section class="panel">
      <Problem fault={fault} />
      <Form visitor={visitor} fault={fault} action={action}>
        <TextArea
          label="Your comment"
          name="text"
          value={text}
          rows={4}
          required
          maxlength={4096}
          hint="Markdown: **bold**, `code`, links. Visible to everyone who can see the repository."
        />
        <PreviewPlace text={preview} />
        <Actions>
          <button type="submit">Comment</button>
          <PreviewButton field="text" kind="comment" />
        </Actions>
      </Form>
    </section>
  );
}

function CommentActs({
  visitor,
  repository,
  comment,
}: {
  readonly visitor: Visitor;
  readonly repository: RepositoryDetails;
  readonly comment: Comment;
}): View {
  const { login } = visitor;
  if (login === undefined) return <></>;
  const isOwn = login.account.username === comment.author;
  const path = repositoryPath(repository, `comments/${comment.id}/`);
  return (
    <span class="actions">
      {!isOwn && (
        <ActButton visitor={visitor} action={`${path}flag/`} label={`Flag the comment of ${comment.author}`}>
          Flag
        </ActButton>
      )}
      {(isOwn || repository.canAdminister) && (
        <DangerButton
          visitor={visitor}
          action={`${path}delete/`}
          label={`Delete the comment of ${comment.author}`}
          text="Delete"
          question="The comment is deleted for everyone."
        />
      )}
    </span>
  );
}

/** Comments, with the buttons that the visitor may use. */
export function CommentList({
  visitor,
  repository,
  comments,
}: {
  readonly visitor: Visitor;
  readonly repository: RepositoryDetails;
  readonly comments: readonly ShownComment[];
}): View {
  return (
    <ul class="rows">
      {comments.map((comment) => (
        <li id={`comment-${comment.id}`}>
          <div class="comment-head">
            <span class="title-line">
              <Avatar name={comment.author} />
              <a href={`/u/${comment.author}/`}>{comment.author}</a>
              <small>
                <Ago at={comment.createdAt} />
              </small>
            </span>
            <CommentActs visitor={visitor} repository={repository} comment={comment} />
          </div>
          <MarkdownText html={comment.html} />
        </li>
      ))}
    </ul>
  );
}
