import type { HistoryLayer } from '../../../../features/images/history';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { Ago, Size } from '../../components/quantities';
import { Table } from '../../components/page-parts';
import type { View } from '../../view';
import { filesPath, imagePath, shortId } from './addresses';
import { COMMANDS_BYTES, CreatedBy, NOTES_BYTES } from './created-by';
import { layerColour } from './layer-bar';
import { beginning, shortenAll } from './short-text';

const NOTE_CHARACTERS = 200;
/** `sha256:` and twelve more, as docker shows digests. */
const DIGEST_CHARACTERS = 20;

/** The comment, the author and the engine of a layer. */
function noteOf({ comment, author, dockerVersion }: HistoryLayer): string {
  const parts = [
    comment,
    author === undefined ? undefined : `by ${author}`,
    dockerVersion === undefined ? undefined : `docker ${dockerVersion}`,
  ];
  return beginning(parts.filter((part) => part !== undefined).join(', '), NOTE_CHARACTERS);
}

/** The command that created each layer, the last first, as in `docker history` and the Dockerfile. */
export function LayerTable({
  repository,
  layers,
}: {
  readonly repository: RepositoryDetails;
  readonly layers: readonly HistoryLayer[];
}): View {
  const commands = shortenAll(
    layers.map(({ command = '' }) => command),
    COMMANDS_BYTES,
  );
  const notes = shortenAll(layers.map(noteOf), NOTES_BYTES);
  return (
    <Table caption="Layers, last first" head={['Layer', 'Created by', 'Size', 'Created', 'Files']} numbers={[2]}>
      {layers.map((layer, at) => (
        <tr>
          <td class="short">
            <svg class="swatch" viewBox="0 0 1 1" width="12" height="12" aria-hidden="true">
              <rect class={layerColour(layer)} width="1" height="1" />
            </svg>{' '}
            <a class="mono" href={imagePath(repository, layer.id)} title={layer.id}>
              {shortId(layer.id)}
            </a>
            <small class="below mono" title={layer.digest}>
              {beginning(layer.digest, DIGEST_CHARACTERS)}
            </small>
          </td>
          <td class="wide">
            <CreatedBy command={commands[at]} note={notes[at]} />
          </td>
          <td class="short number">
            <Size bytes={layer.layerSizeBytes} />
          </td>
          <td>{layer.createdAt === undefined ? <span class="fine">unknown</span> : <Ago at={layer.createdAt} />}</td>
          <td>
            <a href={filesPath(repository, layer.id)} aria-label={`Files of ${shortId(layer.id)}`}>
              Files
            </a>
          </td>
        </tr>
      ))}
    </Table>
  );
}
