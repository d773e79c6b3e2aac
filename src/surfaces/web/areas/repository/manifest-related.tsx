import type { DescribedManifest, RelatedManifest } from '../../../../features/manifests/manifest-page';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { CopyButton, Panel, Table } from '../../components/page-parts';
import { Ago, plural, Size } from '../../components/quantities';
import type { View } from '../../view';
import { shortId } from './addresses';
import { kindText } from './manifest-parts';
import { beginning } from './short-text';
import { PointerLink } from './tag-parts';

const TYPE_CHARACTERS = 100;

interface OfRepository {
  readonly repository: RepositoryDetails;
}

function typeOf({ summary, isAttestation }: RelatedManifest): string {
  if (isAttestation) return 'attestation';
  if (summary === undefined) return 'unknown';
  return beginning(summary.artifactType ?? kindText(summary.kind), TYPE_CHARACTERS);
}

function Digest({ repository, related }: OfRepository & { readonly related: RelatedManifest }): View {
  const { digest, summary } = related;
  if (summary === undefined) {
    return (
      <span class="mono" title={digest}>
        {shortId(digest)}
      </span>
    );
  }
  return (
    <>
      <PointerLink repository={repository} pointer={digest} />{' '}
      <CopyButton text={digest} label={`Digest ${shortId(digest)}`} />
    </>
  );
}

function SizeOf({ summary }: RelatedManifest): View {
  return summary === undefined ? <span class="fine">unknown</span> : <Size bytes={summary.totalSizeBytes} />;
}

/** The manifests of an index: those for platforms, then its attestations. */
export function Platforms({
  repository,
  manifest: { children, childCount },
}: OfRepository & { readonly manifest: DescribedManifest }): View {
  if (childCount === 0) return <></>;
  const listed = [
    ...children.filter(({ isAttestation }) => !isAttestation),
    ...children.filter(({ isAttestation }) => isAttestation),
  ];
  const platformOf = new Map(children.map(({ digest, platform }) => [digest, platform]));
  return (
    <Panel title="Platforms">
      <Table caption="Platforms" head={['Platform', 'Digest', 'Size']} numbers={[2]}>
        {listed.map((related) => {
          const { platform, isAttestation, about } = related;
          return (
            <tr>
              <th scope="row">
                {isAttestation
                  ? `attestation of ${platformOf.get(about ?? '') ?? 'an image'}`
                  : (platform ?? typeOf(related))}
              </th>
              <td class="short">
                <Digest repository={repository} related={related} />
              </td>
              <td class="short number">
                <SizeOf {...related} />
              </td>
            </tr>
          );
        })}
      </Table>
      {childCount > listed.length && <p class="fine">and {plural(childCount - listed.length, 'more manifest')}.</p>}
    </Panel>
  );
}

/** The signatures, attestations and other manifests that are about this one. */
export function Attached({
  repository,
  attached,
}: OfRepository & { readonly attached: readonly RelatedManifest[] }): View {
  if (attached.length === 0) return <></>;
  return (
    <Panel title="Signatures and attestations">
      <Table caption="Signatures and attestations" head={['Type', 'Digest', 'Size', 'Pushed']} numbers={[2]}>
        {attached.map((related) => (
          <tr>
            <th scope="row">{typeOf(related)}</th>
            <td class="short">
              <Digest repository={repository} related={related} />
            </td>
            <td class="short number">
              <SizeOf {...related} />
            </td>
            <td>{related.pushedAt !== undefined && <Ago at={related.pushedAt} />}</td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
}
