import { digestOf } from '../../../../platform/bytes/digest';
import { pushBlob, putManifest, requestBlob } from '../../../../client/v2/v2-client';
import { v2Of, whyApart, withClient } from '../client-of-today';
import type { EngineRun, Step } from '../engine-run';
import { createV2Image, type V2Image } from '../v2-image';
import { pullTag } from './pull';

const SEES = 'docker push of today: the error of this answer';

/**
 * Pushes an image over v2, as docker of today, to a tag that the engine pushed over v1, and pulls it as the engine
 * (bridge 9 and 10). The step that deletes the repository deletes the image.
 */
export const v2ToV1: Step = async (run) => {
  const apart = whyApart(run);
  if (apart) return apart;
  const [base] = run.pushed.images;
  if (!base) throw new Error('an earlier step pushed no image');
  const image = createV2Image('two', base.layer);
  await withClient(SEES, () => pushImage(run, image));
  await pullTag({ ...run, pushed: image.expected, pulled: new Map() }, 'two');
  return undefined;
};

async function pushImage(run: EngineRun, { blobs, manifest }: V2Image): Promise<void> {
  const client = v2Of(run);
  for (const bytes of blobs) {
    const known = await requestBlob(client, 'HEAD', run.repository, digestOf(bytes));
    if (known.answer.status !== 200) await pushBlob(client, run.repository, bytes);
  }
  await putManifest(client, run.repository, 'two', manifest);
}
