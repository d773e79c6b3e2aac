import type { ShownTag } from '../../../../features/manifests/shown-tags';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { Ago, formatCount, Size } from '../../components/quantities';
import { Badge, CopyButton, Table } from '../../components/page-parts';
import type { View } from '../../view';
import { tagPath } from './addresses';
import { EngineName, PointerLink } from './tag-parts';
import { KindName } from './manifest-parts';

/** Why clients of one of the protocols cannot pull a tag. */
function OnlyFor({ tag: { v1Problem, v2Problem, otherArchitectures } }: { readonly tag: ShownTag }): View {
  if (v2Problem !== undefined) return <small class="below">v1 only: {v2Problem}</small>;
  if (v1Problem === undefined || otherArchitectures.length > 0) return <></>;
  return <small class="below">v2 only: {v1Problem}</small>;
}

/** A page of tags, with a button to delete each, for administrators of the repository. */
export function TagTable({
  repository,
  tags,
}: {
  readonly repository: RepositoryDetails;
  readonly tags: readonly ShownTag[];
}): View {
  const head = ['Tag', 'Kind', 'Updated', 'Size', 'Layers', 'Image', 'Pushed by'];
  const { canAdminister } = repository;
  return (
    <Table caption="Tags" numbers={[3, 4]} head={canAdminister ? [...head, <span class="unseen">Actions</span>] : head}>
      {tags.map((tag) => (
        <tr>
          <th scope="row" class="name">
            <a href={tagPath(repository, tag.name)}>{tag.name}</a> {tag.isImmutable && <Badge>immutable</Badge>}
          </th>
          <td class="kind">
            <KindName manifest={tag.manifest} />
            <OnlyFor tag={tag} />
          </td>
          <td>
            <Ago at={tag.updatedAt} />
          </td>
          <td class="short number">
            <Size bytes={tag.totalSizeBytes} />
          </td>
          <td class="number">{tag.layerCount > 0 && formatCount(tag.layerCount)}</td>
          <td class="short">
            <PointerLink repository={repository} pointer={tag.manifest?.digest ?? tag.imageId ?? ''} />{' '}
            {tag.manifest !== undefined && <CopyButton text={tag.manifest.digest} label={`Digest of ${tag.name}`} />}
          </td>
          <td>
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
