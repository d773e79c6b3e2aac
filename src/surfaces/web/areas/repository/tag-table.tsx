import type { Engine } from '../../../../features/tags/engine';
import type { TagOnPage } from '../../../../features/tags/tag-pages';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { Ago, formatCount, Size } from '../../components/quantities';
import { Badge, Table } from '../../components/page-parts';
import type { View } from '../../view';
import { imagePath, shortId, tagPath } from './addresses';

/** An engine in readable form: `docker 1.5.0, linux amd64`. The client chooses its values, so they are not trusted. */
export function EngineName({ engine }: { readonly engine: Engine }): View {
  const { docker_version: version, os, arch, kernel } = engine;
  if (version === undefined) return <span class="fine">unknown</span>;
  const machine = [os, arch].filter((part) => part !== undefined).join(' ');
  const title = kernel === undefined ? machine : `${machine} kernel ${kernel}`.trim();
  return <span {...(title === '' ? {} : { title })}>docker {version}</span>;
}

/** A link with an image's short id; the full id appears on hover. */
export function ImageLink({
  repository,
  imageId,
}: {
  readonly repository: Pick<RepositoryDetails, 'namespace' | 'name'>;
  readonly imageId: string;
}): View {
  return (
    <a class="mono" href={imagePath(repository, imageId)} title={imageId}>
      {shortId(imageId)}
    </a>
  );
}

/** A page of tags, with a button to delete each, for administrators of the repository. */
export function TagTable({
  repository,
  tags,
}: {
  readonly repository: RepositoryDetails;
  readonly tags: readonly TagOnPage[];
}): View {
  const head = ['Tag', 'Updated', 'Size', 'Layers', 'Image', 'Pushed by'];
  const { canAdminister } = repository;
  return (
    <Table caption="Tags" numbers={[2, 3]} head={canAdminister ? [...head, <span class="unseen">Actions</span>] : head}>
      {tags.map((tag) => (
        <tr>
          <th scope="row" class="name">
            <a href={tagPath(repository, tag.name)}>{tag.name}</a> {tag.isImmutable && <Badge>immutable</Badge>}
          </th>
          <td>
            <Ago at={tag.updatedAt} />
          </td>
          <td class="short number">
            <Size bytes={tag.totalSizeBytes} />
          </td>
          <td class="number">{formatCount(tag.layerCount)}</td>
          <td>
            <ImageLink repository={repository} imageId={tag.imageId} />
          </td>
          <td class="short">
            <EngineName engine={tag.engine} />
          </td>
          {canAdminister && (
            <td>
              {!tag.isImmutable && (
                <a href={`${tagPath(repository, tag.name)}delete/`} aria-label={`Delete the tag ${tag.name}`}>
                  Delete
                </a>
              )}
            </td>
          )}
        </tr>
      ))}
    </Table>
  );
}
