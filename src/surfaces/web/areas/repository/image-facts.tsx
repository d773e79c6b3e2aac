import type { ImageHistory } from '../../../../features/images/history';
import type { ShownTag } from '../../../../features/manifests/shown-tags';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { CopyButton } from '../../components/page-parts';
import { plural, Size } from '../../components/quantities';
import type { View } from '../../view';
import { Fact, TagFacts } from './manifest-facts';
import { DigestFact, ImageIdFact } from './tag-names';

interface Shown {
  readonly repository: RepositoryDetails;
  readonly history: ImageHistory;
  /** undefined: the page is that of an image id */
  readonly tag: ShownTag | undefined;
}

function Names({ repository, history: { imageId }, tag }: Shown): View {
  if (tag === undefined) {
    return (
      <Fact term="Image">
        <code>{imageId}</code> <CopyButton text={imageId} label="Image" />
      </Fact>
    );
  }
  return (
    <>
      <ImageIdFact repository={repository} tag={tag} />
      <DigestFact repository={repository} tag={tag} />
    </>
  );
}

/** The hashes with which a download of the image's own layer is checked. */
function Checksums({ layers: [own] }: Pick<ImageHistory, 'layers'>): View {
  if (own === undefined) return <></>;
  const { digest, checksum } = own;
  return (
    <>
      <Fact term="Layer digest">
        <code>{digest}</code> <CopyButton text={digest} label="Layer digest" />
      </Fact>
      {checksum !== undefined && (
        <Fact term="v1 checksum">
          <code>{checksum}</code> <CopyButton text={checksum} label="v1 checksum" />
        </Fact>
      )}
    </>
  );
}

/** What is known of a v1 image, and of the tag that points to it. */
export function ImageFacts({ repository, history, tag }: Shown): View {
  const { config, totalSizeBytes, layers } = history;
  return (
    <dl class="pairs">
      <Names repository={repository} history={history} tag={tag} />
      {config?.platform !== undefined && <Fact term="Platform">{config.platform}</Fact>}
      <Fact term="Size">
        <Size bytes={totalSizeBytes} /> in {plural(layers.length, 'layer')}
      </Fact>
      {tag !== undefined && <TagFacts tag={tag} />}
      <Checksums layers={layers} />
    </dl>
  );
}
