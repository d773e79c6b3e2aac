import type { DescribedManifest } from '../../../../features/manifests/manifest-page';
import type { ShownTag } from '../../../../features/manifests/shown-tags';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { CopyButton } from '../../components/page-parts';
import { Ago, plural, Size } from '../../components/quantities';
import type { Children, View } from '../../view';
import { tagPath } from './addresses';
import { kindText } from './manifest-parts';
import { beginning } from './short-text';
import { ImageIdFact } from './tag-names';
import { PointerLink, Pusher } from './tag-parts';

const TAGS = 12;

/** A term with its description, if there is one. */
export function Fact({ term, children }: { readonly term: string; readonly children?: Children }): View {
  return (
    <>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </>
  );
}

function TagList({
  repository,
  tags,
}: {
  readonly repository: RepositoryDetails;
  readonly tags: readonly string[];
}): View {
  if (tags.length === 0) return <span class="fine">none</span>;
  return (
    <>
      {tags.slice(0, TAGS).map((tag, at) => (
        <>
          {at > 0 && ', '}
          <a href={tagPath(repository, tag)}>{tag}</a>
        </>
      ))}
      {tags.length > TAGS && ' and more'}
    </>
  );
}

/** When a tag was set, and by whom. */
export function TagFacts({ tag }: { readonly tag: ShownTag }): View {
  return (
    <>
      <Fact term="Updated">
        <Ago at={tag.updatedAt} />
      </Fact>
      <Fact term="Pushed by">
        <Pusher tag={tag} />
      </Fact>
    </>
  );
}

/** What is known of every manifest. */
export function ManifestFacts({
  repository,
  manifest,
  tag,
}: {
  readonly repository: RepositoryDetails;
  readonly manifest: DescribedManifest;
  readonly tag: ShownTag | undefined;
}): View {
  const { summary, subject, pushedAt, steps, image } = manifest;
  const { kind, artifactType, digest, mediaType, totalSizeBytes } = summary;
  const layers = steps.filter(({ layer }) => layer !== undefined).length;
  const isIndex = kind === 'docker-index' || kind === 'oci-index';
  return (
    <dl class="pairs">
      <Fact term="Kind">
        {kindText(kind)} <span class="fine">{mediaType}</span>
      </Fact>
      {kind === 'artifact' && <Fact term="Type">{beginning(artifactType ?? 'unknown', 255)}</Fact>}
      {image?.platform !== undefined && <Fact term="Platform">{image.platform}</Fact>}
      <Fact term="Digest">
        <code>{digest}</code> <CopyButton text={digest} label="Digest" />
      </Fact>
      {tag !== undefined && kind !== 'artifact' && (
        <ImageIdFact repository={repository} tag={tag} note={isIndex ? 'of linux/amd64' : undefined} />
      )}
      <Fact term="Size">
        <Size bytes={totalSizeBytes} /> {isIndex ? 'for all platforms' : `in ${plural(layers, 'layer')} and the config`}
      </Fact>
      {tag === undefined ? (
        <>
          <Fact term="Pushed">
            <Ago at={pushedAt} />
          </Fact>
          <Fact term="Tags">
            <TagList repository={repository} tags={manifest.tags} />
          </Fact>
        </>
      ) : (
        <TagFacts tag={tag} />
      )}
      {subject !== undefined && (
        <Fact term="Attached to">
          <PointerLink repository={repository} pointer={subject} />
        </Fact>
      )}
    </dl>
  );
}
