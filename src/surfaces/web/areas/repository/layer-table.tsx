import type { HistoryLayer } from '../../../../features/images/history';
import type { RepositoryDetails } from '../../../../features/social/details';
import { Ago, Size } from '../../components/figures';
import { Table } from '../../components/page-parts';
import type { View } from '../../view';
import { filesPath, shortId } from './addresses';
import { layerColour } from './layer-bar';
import { beginning, shortenAll } from './short-text';

const COMMAND_BYTES = 40_000;
const COMMENT_CHARACTERS = 100;

function Made({ layer, command }: { readonly layer: HistoryLayer; readonly command: string }): View {
  const { author, comment, dockerVersion } = layer;
  const by = [
    ...(comment === undefined ? [] : [beginning(comment, COMMENT_CHARACTERS)]),
    ...(author === undefined ? [] : [`by ${beginning(author, COMMENT_CHARACTERS)}`]),
    ...(dockerVersion === undefined ? [] : [`docker ${dockerVersion}`]),
  ];
  return (
    <>
      {command === '' ? <span class="fine">Its command is not known</span> : <code class="command">{command}</code>}
      {by.length > 0 && <small class="below">{by.join(', ')}</small>}
    </>
  );
}

/** What made each layer, the last first, as `docker history` and the Dockerfile say it. */
export function LayerTable({
  repository,
  layers,
}: {
  readonly repository: RepositoryDetails;
  readonly layers: readonly HistoryLayer[];
}): View {
  const commands = shortenAll(
    layers.map(({ command = '' }) => command),
    COMMAND_BYTES,
  );
  return (
    <Table caption="Layers, the last first" head={['Layer', 'Made by', 'Size', 'Created', 'Files']}>
      {layers.map((layer, at) => (
        <tr>
          <td class="short">
            <svg class="swatch" viewBox="0 0 1 1" width="12" height="12" aria-hidden="true">
              <rect class={layerColour(layer)} width="1" height="1" />
            </svg>{' '}
            <span class="mono" title={layer.id}>
              {shortId(layer.id)}
            </span>
          </td>
          <td class="wide">
            <Made layer={layer} command={commands[at] ?? ''} />
          </td>
          <td class="short">
            <Size bytes={layer.layerSizeBytes} />
          </td>
          <td>{layer.createdAt === undefined ? <span class="fine">not said</span> : <Ago at={layer.createdAt} />}</td>
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
