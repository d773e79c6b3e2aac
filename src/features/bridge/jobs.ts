import type { Job } from '../../platform/jobs/queue';
import { DESCRIBE_LAYERS_JOB } from '../storage/read-layers';
import { DERIVE_IMAGES_JOB } from '../tags/pending-images';
import { describeLayers } from './layer-facts';
import { deriveMissing } from './pending-images';
import type { TwinNeeds } from './twins';

/** What is prepared in the background so that nobody waits for it: each protocol's view of what the other one pushed. */
export function bridgeJobs(ctx: TwinNeeds): Job[] {
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
    {
      name: DERIVE_IMAGES_JOB, // also queued when a tag is set whose images cannot be derived at once
      isAlone: true,
      schedule: '*/5 * * * *',
      run: async (stopping) => {
        const manifests = await deriveMissing(ctx, stopping);
        if (manifests > 0) ctx.log.info({ manifests }, 'derived images of v1 from manifests');
      },
    },
  ];
}
