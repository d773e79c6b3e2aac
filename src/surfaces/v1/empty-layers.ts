import type { IncomingMessage } from 'node:http';
import type { Image } from '../../features/images/image-by-id';
import { failsOnEmptyLayers } from './engine';
import type { Headers } from '../../platform/http/exchange';
import { headerOf } from './requests';

/*
 * A layer of no bytes is kept as it was pushed, but an engine before 1.13 fails on the answer, and some die. Such an
 * engine gets an archive with nothing in it instead: the size that the json announces and the layer's answer agree, and
 * caches are told that the answer depends on who asks.
 */

/** An empty tar in gzip, as docker itself writes it (protocol 5.3). */
const EMPTY_ARCHIVE = Buffer.from('1f8b080000096e8800ff621805a360148c5800080000ffff2eafb5ef00040000', 'hex');

/** What this engine must get in the place of the stored bytes; undefined: the stored bytes. */
export function substituteFor(image: Image, req: IncomingMessage): Buffer | undefined {
  const isNeeded = image.layerSizeBytes === 0 && failsOnEmptyLayers(headerOf(req, 'user-agent'));
  return isNeeded ? EMPTY_ARCHIVE : undefined;
}

/** Of the answers about a layer whose bytes depend on the engine. */
export function varyFor(image: Image): Headers {
  return image.layerSizeBytes === 0 ? { Vary: 'Accept, Authorization, User-Agent' } : {};
}
