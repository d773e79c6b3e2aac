import type { ManifestKind } from '../../../../features/manifests/manifest-kind';
import type { BuildStep, ManifestLayer } from '../../../../features/manifests/manifest-page';
import { Badge, CopyButton, Table } from '../../components/page-parts';
import { Ago, Size } from '../../components/quantities';
import type { View } from '../../view';
import { shortId } from './addresses';
import { COMMANDS_BYTES, CreatedBy, NOTES_BYTES } from './created-by';
import { beginning, shortenAll } from './short-text';

const TYPE_CHARACTERS = 100;

function Layer({ layer }: { readonly layer: ManifestLayer | undefined }): View {
  if (layer === undefined) return <Badge>no layer</Badge>;
  return (
    <>
      <span class="mono" title={layer.digest}>
        {shortId(layer.digest)}
      </span>{' '}
      <CopyButton text={layer.digest} label={`Digest of the layer ${shortId(layer.digest)}`} />
    </>
  );
}

function noteOf({ comment, layer }: BuildStep): string {
  const elsewhere = layer?.isElsewhere === true ? 'clients get it from another server' : undefined;
  return [comment, elsewhere].filter((part) => part !== undefined).join(', ');
}

function Files({ steps }: { readonly steps: readonly BuildStep[] }): View {
  return (
    <Table caption="Files" head={['File', 'Type', 'Size', 'Digest']} numbers={[2]}>
      {steps.map(({ layer }) => (
        <tr>
          <td class="wide">{layer?.title ?? <span class="fine">unnamed</span>}</td>
          <td>{beginning(layer?.mediaType ?? '', TYPE_CHARACTERS)}</td>
          <td class="short number">
            <Size bytes={layer?.sizeBytes ?? 0} />
          </td>
          <td class="short">
            <Layer layer={layer} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** The steps of the build of an image with their layers, the last first; of an artifact, its files. */
export function StepTable({
  steps,
  kind,
}: {
  readonly steps: readonly BuildStep[];
  readonly kind: ManifestKind;
}): View {
  if (kind === 'artifact') return <Files steps={steps} />;
  const commands = shortenAll(
    steps.map(({ command = '' }) => command),
    COMMANDS_BYTES,
  );
  const notes = shortenAll(steps.map(noteOf), NOTES_BYTES);
  return (
    <Table caption="Layers, last first" head={['Layer', 'Created by', 'Size', 'Created']} numbers={[2]}>
      {steps.map(({ layer, createdAt }, at) => (
        <tr>
          <td class="short">
            <Layer layer={layer} />
          </td>
          <td class="wide">
            <CreatedBy command={commands[at]} note={notes[at]} />
          </td>
          <td class="short number">{layer !== undefined && <Size bytes={layer.sizeBytes} />}</td>
          <td>{createdAt === undefined ? <span class="fine">unknown</span> : <Ago at={createdAt} />}</td>
        </tr>
      ))}
    </Table>
  );
}
