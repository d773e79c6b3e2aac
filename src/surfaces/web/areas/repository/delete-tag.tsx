import { assertDeletable } from '../../../../features/repositories/access';
import { getShownTag, type ShownTag } from '../../../../features/manifests/shown-tags';
import { deleteTag } from '../../../../features/tags/tag-deletion';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import type { Reply } from '../../../../platform/http/exchange';
import type { Member, WebHandler } from '../../access';
import { Actions, Form, Problem } from '../../components/forms';
import { Panel } from '../../components/page-parts';
import { RepositoryFrame } from '../../components/repository-frame';
import { attempt, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import { repositoryPath } from '../../repository-path';
import type { View } from '../../view';
import { shortId, tagPath } from './addresses';
import { repositoryAsked, repositoryPage } from './repository-page';

interface Parts {
  readonly repository: RepositoryDetails;
  readonly tag: ShownTag;
  readonly fault?: Fault | undefined;
}

/** How long what the tag points to is kept. */
function Kept({ tag: { imageId = '', manifest } }: { readonly tag: ShownTag }): View {
  if (manifest === undefined) {
    return (
      <>
        Its image <code>{shortId(imageId)}</code> stays until the next garbage collection, or longer if other tags need
        it.
      </>
    );
  }
  return (
    <>
      Its manifest <code>{shortId(manifest.digest)}</code> can still be pulled by digest, until a garbage collection
      removes manifests that have had no tag for a long time.
    </>
  );
}

function confirmation(visitor: Member, { repository, tag, fault }: Parts): Reply {
  return page(
    visitor,
    { title: `Delete the tag ${tag.name}`, ...(fault === undefined ? {} : { status: fault.status }) },
    <RepositoryFrame visitor={visitor} repository={repository} current="tags/">
      <Panel title={`Delete the tag ${tag.name}?`} tone="danger">
        <Problem fault={fault} />
        <p>
          Pulls of <strong>{tag.name}</strong> will stop working. <Kept tag={tag} /> Until then, the{' '}
          <a href={repositoryPath(repository, 'history/')}>tag history</a> can restore the tag.
        </p>
        <Form visitor={visitor}>
          <Actions>
            <button type="submit" class="danger">
              Delete tag
            </button>
            <a class="button quiet" href={tagPath(repository, tag.name)}>
              Cancel
            </a>
          </Actions>
        </Form>
      </Panel>
    </RepositoryFrame>,
  );
}

/** Asks for confirmation before a tag is deleted. */
export const getTagDeletion = repositoryPage<'member'>(async (ctx, { caller, params }, repository) => {
  const tag = await getShownTag(ctx, repository, params['tag'] ?? '');
  return confirmation(caller, { repository, tag });
});

export const postTagDeletion: WebHandler<'member-form'> = async (ctx, { caller, params }) => {
  const repository = await repositoryAsked(ctx, caller, params);
  const tag = await getShownTag(ctx, repository, params['tag'] ?? '');
  const { fault } = await attempt(async () => deleteTag(ctx, assertDeletable(repository.access), tag.name));
  if (fault !== undefined) return confirmation(caller, { repository, tag, fault });
  return redirect(caller, repositoryPath(repository, 'tags/'), { notice: `The tag ${tag.name} was deleted.` });
};
