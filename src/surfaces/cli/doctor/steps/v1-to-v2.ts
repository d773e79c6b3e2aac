import { gunzipSync } from 'node:zlib';
import { digestOf } from '../../../../platform/bytes/digest';
import { requestBlob } from '../../../../client/v2/v2-client';
import { v2Of, whyApart, withClient } from '../client-of-today';
import type { EngineRun, Step } from '../engine-run';
import { failed, type Exchange } from '../failure';
import { OTHER_IMAGE } from '../parsed';
import { parseDiffIds, type Descriptor } from '../parsed-v2';
import type { PushedImage } from '../pushed-image';
import { lineOf } from './pull-images';
import { pullManifest } from './pull-manifest';

const SEES = 'docker pull of today: the error of this answer';

/** Pulls over v2 what the engine pushed over v1 (bridge 8): its manifest, config and layers. */
export const v1ToV2: Step = async (run) => {
  const apart = whyApart(run);
  if (apart) return apart;
  const images = imagesOf(run, 'two');
  const { exchange, manifest } = await pullManifest(run, 'two');
  if (manifest.layers.length !== images.length) {
    throw failed(exchange, `${images.length} layers, one for each image that was pushed`, OTHER_IMAGE);
  }
  const config = await pullBlob(run, manifest.config);
  const diffIds = images.map(({ layer }) => digestOf(gunzipSync(layer)));
  if (parseDiffIds(config.answer.body)?.join() !== diffIds.join()) {
    const needed = `the diff_ids ${diffIds.join(', ')}: the sha256 of each layer, uncompressed`;
    throw failed(config, needed, "docker pull of today: layers from manifest don't match image configuration");
  }
  for (const [at, { layer }] of images.entries()) {
    const pulled = await pullBlob(run, manifest.layers[at]);
    if (!pulled.answer.body.equals(layer)) throw failed(pulled, 'the layer as it was pushed over v1', OTHER_IMAGE);
  }
  return undefined;
};

/** The images below a tag, the base first. */
function imagesOf({ pushed }: EngineRun, tag: string): PushedImage[] {
  const line = lineOf(pushed.images, pushed.tags[tag]).toReversed();
  return line.flatMap((id) => pushed.images.filter((image) => image.id === id));
}

/** `GET …/blobs/<digest>`: the bytes must be those of its descriptor. */
async function pullBlob(run: EngineRun, described: Descriptor | undefined): Promise<Exchange> {
  const { digest, size } = described ?? { digest: '', size: 0 };
  const exchange = await withClient(SEES, () => requestBlob(v2Of(run), 'GET', run.repository, digest));
  const { status, body, isCut } = exchange.answer;
  if (status !== 200) throw failed(exchange, '200: the manifest names this blob', SEES);
  if (!isCut && body.length === size && digestOf(body) === digest) return exchange;
  throw failed(
    exchange,
    `${size} bytes with this digest`,
    'docker pull of today: filesystem layer verification failed',
  );
}
