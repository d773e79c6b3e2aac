import { assertComment, assertFullDescription } from '../../../../features/repositories/text-rules';
import { AppError } from '../../../../platform/errors';
import type { WebHandler } from '../../access';
import { Preview } from '../../components/markdown-area';
import { fragment } from '../../reply';
import { writtenText } from '../../written-text';

/**
 * A text as the page of a repository, or of its comments, would show it: the limits and the renderer are the same.
 *
 * @throws AppError `invalid`
 */
export const postPreview: WebHandler<'member-form'> = async (ctx, { caller, signal }) => {
  const { actor, form } = caller;
  const text = form.lines('text');
  const kind = form.text('kind');
  if (kind !== 'readme' && kind !== 'comment') throw new AppError('invalid', 'There is no such kind of text');
  if (kind === 'readme') assertFullDescription(text);
  else if (text.trim() !== '') assertComment(text);
  const written = await writtenText(ctx, { actor, signal }, { text, kind });
  return fragment(caller, <Preview text={written} />);
};
