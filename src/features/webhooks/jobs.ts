import { z } from 'zod';
import type { Needs } from '../../context';
import { queuedJob, type Job } from '../../platform/jobs/queue';
import { finishedPush, PUSH_FINISHED, pushesToTell } from '../pushes/pushes';
import { deliver } from './delivery';
import { DELIVER_WEBHOOK, fireTellings, fireWebhooks, type FiringNeeds } from './push-deliveries';

/** The jobs that notify receivers of pushes. */
export function webhookJobs(ctx: FiringNeeds & Needs<'guardedClient'>): Job[] {
  return [
    queuedJob(PUSH_FINISHED, z.union([finishedPush, pushesToTell]), (given) =>
      'imageIds' in given ? fireWebhooks(ctx, given) : fireTellings(ctx, given.repositoryId),
    ),
    queuedJob(DELIVER_WEBHOOK, z.object({ deliveryId: z.number() }), ({ deliveryId }) => deliver(ctx, deliveryId)),
  ];
}
