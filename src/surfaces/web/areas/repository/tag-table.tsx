import type { ShownTag } from '../../../../features/manifests/shown-tags';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { Ago, formatCount, Size } from '../../components/quantities';
import { Badge, CopyButton, Table } from '../../components/page-parts';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { tagPath } from './addresses';
import { PointerLink, pullCommand, Pusher } from './tag-parts';
import { KindName } from './manifest-parts';

/** Why clients of one of the protocols cannot pull a tag. */
function OnlyFor({ tag: { v1Problem, v2Problem, otherArchitectures } }: { readonly tag: ShownTag }): View {
  if (v2Problem !== undefined) return <small class="below">v1 only: {v2Problem}</small>;
  if (v1Problem === undefined || otherArchitectures.length > 0) return <></>;
  return <small class="below">v2 only: {v1Problem}</small>;
}

function PullCommand({
  visitor,
  repository,
  tag,
}: {
  readonly visitor: Visitor;
  readonly repository: RepositoryDetails;
  readonly tag: ShownTag;
}): View {
  const command = pullCommand(visitor, repository, tag);
  return (
    <small class="below pull">
      <code>{command}</code> <CopyButton text={command} label={`Command to pull ${tag.name}`} />
    </small>
  );
}

/** A page of tags, each with the command that pulls it, and with a link to delete each, for administrators of the repository. */
export function TagTable({
  visitor,
  repository,
  tags,
}: {
  readonly visitor: Visitor;
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
            <PullCommand visitor={visitor} repository={repository} tag={tag} />
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
            <Pusher tag={tag} />
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
