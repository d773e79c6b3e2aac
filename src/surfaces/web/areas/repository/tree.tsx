import { displayName } from '../../../../features/repositories/names';
import { imageTree } from '../../../../features/images/tree';
import { plural } from '../../components/quantities';
import { Empty } from '../../components/page-parts';
import { pageAsked, Paging } from '../../components/paging';
import { RepositoryFrame } from '../../components/repository-frame';
import { page } from '../../reply';
import { repositoryPath } from '../../repository-path';
import { repositoryPage } from './repository-page';
import { TreeFigure, TreeTable } from './tree-figure';
import { below, layOut, tipsOf } from './tree-layout';

/** With more tips, the picture would be hard to read and the page large. */
const TIPS_ON_A_PAGE = 30;

/** The tree of the images of a repository, as a picture; the newest chains come first. */
export const getTree = repositoryPage<'anyone'>(async (ctx, { caller, query }, repository) => {
  const { nodes, isCut } = await imageTree(ctx, repository);
  const asked = pageAsked(query, TIPS_ON_A_PAGE);
  const tips = tipsOf(nodes);
  const layout = layOut(below(nodes, tips.slice(asked.offset, asked.offset + asked.limit)));
  const path = repositoryPath(repository, 'tree/');
  return page(
    caller,
    { title: `Images of ${displayName(repository)}` },
    <RepositoryFrame visitor={caller} repository={repository} current="tree/">
      <h2 class="unseen">Images</h2>
      {nodes.length === 0 ? (
        <Empty title="No images yet">
          <p>After the first push, this page shows which images share layers.</p>
        </Empty>
      ) : (
        <>
          <p class="fine">
            {plural(nodes.length, 'image')}
            {isCut && ', the newest of more'}. Base images are on the left, and images that build on them are to their
            right. Each shows its tags and the size of its own layer.
          </p>
          {layout.boxes.length > 0 && (
            <>
              <TreeFigure repository={repository} layout={layout} />
              <TreeTable repository={repository} layout={layout} />
            </>
          )}
        </>
      )}
      <Paging asked={asked} total={tips.length} path={path} />
    </RepositoryFrame>,
  );
});
