import type { HistoryLayer } from '../../../../features/images/history';
import { COLOURS } from '../../components/identicon';
import { coordinate, Figure } from '../../components/figure';
import { formatBytes, plural } from '../../components/quantities';
import type { View } from '../../view';
import { firstLine, shortenAll } from './short-text';

const WIDTH = 1000;
const HEIGHT = 40;
/** The width of an empty layer, so that it stays visible. */
const THINNEST = 4;
const TITLE_CHARACTERS = 60;
const TITLES_BYTES = 12_000;

interface Segment {
  readonly x: number;
  readonly width: number;
  readonly layer: HistoryLayer;
}

/** @param layers - from left to right; the width of each is its share of the bytes, plus a minimum */
function segmentsOf(layers: readonly HistoryLayer[]): Segment[] {
  const total = layers.reduce((sum, layer) => sum + layer.layerSizeBytes, 0);
  const free = Math.max(WIDTH - THINNEST * layers.length, 0);
  let x = 0;
  return layers.map((layer) => {
    const width = THINNEST + (total === 0 ? free / layers.length : (free * layer.layerSizeBytes) / total);
    const segment = { x, width, layer };
    x += width;
    return segment;
  });
}

/** The class of a layer's colour: the same in the bar and in the table. */
export function layerColour({ depth }: Pick<HistoryLayer, 'depth'>): string {
  return `series-${((depth - 1) % COLOURS) + 1}`;
}

/** The sizes of an image's layers, with the top on the left. The table below it has the same information in words. */
export function LayerBar({ layers }: { readonly layers: readonly HistoryLayer[] }): View {
  const segments = segmentsOf(layers);
  const titles = shortenAll(
    segments.map(({ layer }) => firstLine(layer.command ?? '', TITLE_CHARACTERS)),
    TITLES_BYTES,
  );
  const largest = layers.reduce((most, { layerSizeBytes }) => Math.max(most, layerSizeBytes), 0);
  const label = `${plural(layers.length, 'layer')}, the largest is ${formatBytes(largest)}; the table below lists them`;
  return (
    <>
      <Figure kind="layers" width={WIDTH} height={HEIGHT} label={label}>
        {segments.map(({ x, width, layer }, at) => (
          <rect class={layerColour(layer)} x={coordinate(x)} y={0} width={coordinate(width)} height={HEIGHT}>
            <title>{`${formatBytes(layer.layerSizeBytes)} ${titles[at] ?? ''}`}</title>
          </rect>
        ))}
      </Figure>
      <p class="bar-ends fine">
        <span>Top</span>
        <span>Base</span>
      </p>
    </>
  );
}
