import type { Job } from '../../platform/jobs/queue';
import { DESCRIBE_LAYERS_JOB } from '../storage/read-layers';
import { DERIVE_NEW_IMAGES } from '../tags/pending-images';
import { describeLayers } from './layer-facts';
import { deriveMissing } from './pending-images';
import type { TwinNeeds } from './twins';

/** What is prepared in the background so that nobody waits for it: each protocol's view of what the other one pushed. */
export function bridgeJobs(ctx: TwinNeeds): Job[] {
  const derive = async (stopping: AbortSignal): Promise<void> => {
    const manifests = await deriveMissing(ctx, stopping);
    if (manifests > 0) ctx.log.info({ manifests }, 'derived images of v1 from manifests');
  };
  return [
    {
      name: DESCRIBE_LAYERS_JOB, // also queued when a layer is pushed that has to be read
      isAlone: true,
      schedule: '*/10 * * * *',
      run: async (stopping) => {
        const layers = await describeLayers(ctx, stopping);
        if (layers > 0) ctx.log.info({ layers }, 'read layers of v1 for clients of v2');
      },
    },
    // What a push has queued runs at once; the other one finds what an earlier version or a failure left.
    { name: DERIVE_NEW_IMAGES, isAlone: true, run: derive },
    { name: 'derive_images', schedule: '*/5 * * * *', run: derive },
  ];
}
