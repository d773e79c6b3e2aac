import type { IncomingMessage } from 'node:http';
import type { Image } from '../../features/images/image-by-id';
import { failsOnEmptyLayers } from './engine';
import type { Headers } from '../../platform/http/exchange';
import { headerOf } from './requests';

/*
 * A layer of no bytes is kept as it was pushed, but engines before 1.13 fail on such an answer, and some crash. They
 * get an empty archive instead: the size in the answer for the json and the answer for the layer agree, and caches
 * learn that the answer depends on the engine.
 */

/** An empty tar in gzip, as docker itself writes it (protocol 5.3). */
const EMPTY_ARCHIVE = Buffer.from('1f8b080000096e8800ff621805a360148c5800080000ffff2eafb5ef00040000', 'hex');

/** The bytes that this engine must get instead of the stored ones; undefined: the stored bytes. */
export function substituteFor(image: Image, req: IncomingMessage): Buffer | undefined {
  const isNeeded = image.layerSizeBytes === 0 && failsOnEmptyLayers(headerOf(req, 'user-agent'));
  return isNeeded ? EMPTY_ARCHIVE : undefined;
}

/** Headers of the answers about an image whose layer depends on the engine. */
export function varyFor(image: Image): Headers {
  return image.layerSizeBytes === 0 ? { Vary: 'Accept, Authorization, User-Agent' } : {};
}
