import { backfill } from './backfill';
import { buildCache, builds } from './builds';
import { crossingPull, firstView } from './crossing';
import { basicReads, hotReads } from './hot-reads';
import { idleMemory } from './idle-memory';
import { imageTransfer, v2Transfer } from './image-transfer';
import { layerDownload, layerOffload } from './layer-download';
import { layerUpload } from './layer-upload';
import { login, v2Token } from './login';
import { pages } from './pages';
import type { Row } from './row';
import { s3Layers } from './s3-layers';
import { scale } from './scale';
import { tagsList } from './tags-list';
import { v1Arrival } from './v1-arrival';
import { v2Download } from './v2-download';
import { v2Manifests } from './v2-manifests';
import { v2Upload } from './v2-upload';

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
  v2Manifests,
  v2Token,
  v2Download,
  v2Upload,
  v2Transfer,
  v1Arrival,
  firstView,
  crossingPull,
  backfill,
  s3Layers,
  scale,
  pages,
  idleMemory,
  builds,
  buildCache,
];

/** Settings under which the same rows can be measured; a server that does not know one ignores it. */
export const VARIANTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  default: {},
  'one-process': { DRYDOCK_WORKERS: '1' },
  'two-processes': { DRYDOCK_WORKERS: '2' },
};
