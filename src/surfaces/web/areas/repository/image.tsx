import type { Needs } from '../../../../context';
import { displayName } from '../../../../features/repositories/names';
import { imageHistory, type ImageHistory } from '../../../../features/images/history';
import { getShownTag, type ShownTag } from '../../../../features/manifests/shown-tags';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { MISSING_TAG } from '../../../../features/tags/tags';
import { AppError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import { Panel } from '../../components/page-parts';
import { pageAsked, Paging } from '../../components/paging';
import { RepositoryFrame } from '../../components/repository-frame';
import { page } from '../../reply';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { imagePath, shortId, tagPath } from './addresses';
import { ImageFacts } from './image-facts';
import { LayerBar } from './layer-bar';
import { LayerTable } from './layer-table';
import { tagOfManifestPage } from './manifest';
import { ConfigPanel } from './manifest-config';
import { PullWays } from './pull-ways';
import { repositoryPage } from './repository-page';
import { TagLinks } from './tag-parts';

const LAYERS_ON_A_PAGE = 50;

interface Shown {
  readonly repository: RepositoryDetails;
  readonly history: ImageHistory;
  /** undefined: the page is that of an image id */
  readonly tag: ShownTag | undefined;
}

/** A warning about a json that engines cannot read. A push does not refuse such a json; it is kept as it was pushed. */
function Unreadable({ layers }: Pick<ImageHistory, 'layers'>): View {
  const layer = layers.find(({ unreadable }) => unreadable !== undefined);
  if (layer === undefined) return <></>;
  return (
    <p class="notice warn">
      Engines cannot pull this image, because they cannot read the json of <code>{shortId(layer.id)}</code>:{' '}
      {layer.unreadable}.
    </p>
  );
}

function imagePage(ctx: Needs<'settings'>, visitor: Visitor, query: URLSearchParams, shown: Shown): Reply {
  const { repository, history, tag } = shown;
  const asked = pageAsked(query, LAYERS_ON_A_PAGE);
  const what = tag === undefined ? `Image ${shortId(history.imageId)}` : tag.name;
  const path = tag === undefined ? imagePath(repository, history.imageId) : tagPath(repository, tag.name);
  const layers = history.layers.slice(asked.offset, asked.offset + asked.limit);
  return page(
    visitor,
    { title: `${displayName(repository)}:${what}` },
    <RepositoryFrame visitor={visitor} repository={repository} current={tag === undefined ? 'tree/' : 'tags/'}>
      <Panel title={what}>
        {tag !== undefined && (
          <PullWays visitor={visitor} repository={repository} tag={tag} v2Engines={ctx.settings.v2Engines} />
        )}
        <Unreadable layers={history.layers} />
        <ImageFacts {...shown} />
        {tag !== undefined && <TagLinks visitor={visitor} repository={repository} tag={tag} />}
      </Panel>
      {history.config !== undefined && <ConfigPanel image={history.config} />}
      <Panel title="Layers">
        {history.isCut && (
          <p class="notice warn">
            The base of this image is still being uploaded: the layers below these are not known yet.
          </p>
        )}
        <LayerBar layers={history.layers} />
      </Panel>
      <LayerTable repository={repository} layers={layers} />
      <Paging asked={asked} total={history.layers.length} path={path} />
    </RepositoryFrame>,
  );
}

/** A tag: the layers of its image as a picture, and the command that created each; or the manifest that it points to. */
export const getTagPage = repositoryPage<'anyone'>(async (ctx, exchange, repository) => {
  const { caller, params, query } = exchange;
  const tag = await getShownTag(ctx, repository, params['tag'] ?? '');
  const { manifest, imageId } = tag;
  if (manifest !== undefined) return tagOfManifestPage(ctx, exchange, repository, { ...tag, manifest });
  if (imageId === undefined) throw new AppError('not_found', MISSING_TAG);
  return imagePage(ctx, caller, query, { repository, history: await imageHistory(ctx, repository, { imageId }), tag });
});

/** The same page for an image, which need not have a tag. */
export const getImagePage = repositoryPage<'anyone'>(async (ctx, { caller, params, query }, repository) => {
  const history = await imageHistory(ctx, repository, { imageId: params['imageId'] ?? '' });
  return imagePage(ctx, caller, query, { repository, history, tag: undefined });
});
