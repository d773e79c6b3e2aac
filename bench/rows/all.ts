import { basicReads, hotReads } from './hot-reads';
import { imageTransfer } from './image-transfer';
import { layerDownload, layerOffload } from './layer-download';
import { layerUpload } from './layer-upload';
import { login } from './login';
import { pages } from './pages';
import type { Row } from './row';
import { scale } from './scale';
import { tagsList } from './tags-list';

/** The table, from top to bottom. */
export const ROWS: readonly Row[] = [
  hotReads,
  basicReads,
  login,
  layerDownload,
  layerOffload,
  layerUpload,
  tagsList,
  imageTransfer,
  scale,
  pages,
];

/** Settings under which the same rows can be measured; a server that does not know one ignores it. */
export const VARIANTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  default: {},
  'one-process': { DRYDOCK_WORKERS: '1' },
  'two-processes': { DRYDOCK_WORKERS: '2' },
};
