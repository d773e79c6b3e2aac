import type { ManifestKind } from '../../../../features/manifests/manifest-kind';
import type { ManifestSummary } from '../../../../features/manifests/manifest-summaries';
import type { View } from '../../view';
import { beginning } from './short-text';

const KINDS: Readonly<Record<ManifestKind, string>> = {
  'docker-image': 'docker image',
  'oci-image': 'OCI image',
  'docker-index': 'docker manifest list',
  'oci-index': 'OCI index',
  artifact: 'artifact',
};

const PLATFORMS = 6;
const TYPE_CHARACTERS = 80;

/** The kind of a manifest in words. */
export function kindText(kind: ManifestKind): string {
  return KINDS[kind];
}

function detailOf({ kind, artifactType, platforms }: ManifestSummary): string {
  if (kind === 'artifact') return beginning(artifactType ?? 'of an unknown type', TYPE_CHARACTERS);
  const more = platforms.length - PLATFORMS;
  return [...platforms.slice(0, PLATFORMS), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

/** What a tag is: an image of v1, or a manifest, with the platforms of an index and the type of an artifact. */
export function KindName({ manifest }: { readonly manifest: ManifestSummary | undefined }): View {
  if (manifest === undefined) return <span>v1 image</span>;
  const detail = detailOf(manifest);
  return (
    <>
      {kindText(manifest.kind)}
      {detail !== '' && <small class="below">{detail}</small>}
    </>
  );
}
