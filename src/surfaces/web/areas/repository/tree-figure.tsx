import type { ImageNode } from '../../../../features/images/tree';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { formatBytes, formatCount, plural, Size } from '../../components/quantities';
import { Table } from '../../components/page-parts';
import type { View } from '../../view';
import { imagePath, shortId, tagPath } from './addresses';
import { beginning } from './short-text';
import { PointerLink } from './tag-parts';
import { BOX, type Box, type TreeLayout } from './tree-layout';

/** The length of a tag that fits into a box. */
const TAG_CHARACTERS = 22;

/** `1.9, latest +3` */
export function tagLabel({ tags, tagCount }: Pick<ImageNode, 'tags' | 'tagCount'>): string {
  let label = '';
  let shown = 0;
  for (const tag of tags) {
    const longer = label === '' ? beginning(tag, TAG_CHARACTERS - 3) : `${label}, ${tag}`;
    if (longer.length > TAG_CHARACTERS - 3 && shown > 0) break;
    label = longer;
    shown += 1;
  }
  return tagCount > shown ? `${label} +${formatCount(tagCount - shown)}` : label;
}

function Edge({ box }: { readonly box: Box }): View {
  const { parent, x, y } = box;
  if (parent === undefined) return <></>;
  const [fromX, fromY, toY] = [parent.x + parent.width, parent.y + BOX.height / 2, y + BOX.height / 2];
  const middle = x - BOX.gapX / 2;
  const bend = fromY === toY ? `H${x}` : `H${middle}V${toY}H${x}`;
  return <path class="edge" d={`M${fromX} ${fromY}${bend}`} />;
}

function Run({ box }: { readonly box: Box }): View {
  const { x, y, width, count, sizeBytes, tagCount } = box;
  const about = `${plural(count, 'layer')}, ${formatBytes(sizeBytes)}${tagCount > 0 ? `, ${plural(tagCount, 'tag')}` : ''}`;
  return (
    <g class="run">
      <title>{about}</title>
      <rect x={x} y={y + 6} width={width} height={BOX.height - 12} rx={(BOX.height - 12) / 2} />
      <text x={x + width / 2} y={y + BOX.height / 2 + 4} text-anchor="middle">
        {plural(count, 'layer')}
      </text>
    </g>
  );
}

function Image({ repository, box, node }: { repository: RepositoryDetails; box: Box; node: ImageNode }): View {
  const { x, y, width } = box;
  const isTagged = node.tagCount > 0;
  return (
    <a href={imagePath(repository, node.id)} class={isTagged ? 'tagged' : ''}>
      <rect x={x} y={y} width={width} height={BOX.height} rx="6" />
      <text x={x + 10} y={y + (isTagged ? 18 : 27)} class="id">
        {shortId(node.id)}
      </text>
      <text x={x + width - 10} y={y + (isTagged ? 18 : 27)} text-anchor="end">
        {formatBytes(node.layerSizeBytes)}
      </text>
      {isTagged && (
        <text x={x + 10} y={y + 36} class="tag">
          {tagLabel(node)}
        </text>
      )}
    </a>
  );
}

/** The images of a repository as a picture, which scrolls in its frame. */
export function TreeFigure({
  repository,
  layout: { boxes, width, height },
}: {
  readonly repository: RepositoryDetails;
  readonly layout: TreeLayout;
}): View {
  return (
    <div class="table-frame tree" tabindex={0} role="region" aria-label="Images, base images at the left">
      <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height}>
        {boxes.map((box) => (
          <Edge box={box} />
        ))}
        {boxes.map((box) =>
          box.node === undefined ? <Run box={box} /> : <Image repository={repository} box={box} node={box.node} />,
        )}
      </svg>
    </div>
  );
}

/** The image or images directly below a box. */
function Below({ repository, box }: { readonly repository: RepositoryDetails; readonly box: Box }): View {
  const { parent } = box;
  if (parent === undefined) return <span class="fine">nothing</span>;
  if (parent.node !== undefined) return <PointerLink repository={repository} pointer={parent.node.id} />;
  return (
    <>
      {plural(parent.count, 'layer')} on <Below repository={repository} box={parent} />
    </>
  );
}

/** The same tree as a table. */
export function TreeTable({
  repository,
  layout: { boxes },
}: {
  readonly repository: RepositoryDetails;
  readonly layout: TreeLayout;
}): View {
  return (
    <details>
      <summary>Show the images as a table</summary>
      <Table caption="Images and what they build on" head={['Image', 'Tags', 'Layer', 'Builds on']}>
        {boxes.map((box) => {
          const { node } = box;
          if (node === undefined) return <></>;
          return (
            <tr>
              <th scope="row">
                <PointerLink repository={repository} pointer={node.id} />
              </th>
              <td>
                {node.tags.slice(0, 3).map((tag, at) => (
                  <>
                    {at > 0 && ', '}
                    <a href={tagPath(repository, tag)}>{beginning(tag, 40)}</a>
                  </>
                ))}
                {node.tagCount > 3 && ` and ${formatCount(node.tagCount - 3)} more`}
              </td>
              <td class="short">
                <Size bytes={node.layerSizeBytes} />
              </td>
              <td>
                <Below repository={repository} box={box} />
              </td>
            </tr>
          );
        })}
      </Table>
    </details>
  );
}
