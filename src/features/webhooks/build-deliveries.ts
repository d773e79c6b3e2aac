import type { Needs } from '../../context';
import type { Db } from '../../platform/db/db';
import { pagePath, payloadOfBuild } from './payload';
import { queueDelivery } from './push-deliveries';
import * as store from './webhooks.store';

/** The end of an automated build. */
export interface BuildEvent {
  readonly event: 'build_failed' | 'build_recovered';
  /** of this end, always the same */
  readonly run: string;
  /** the member `build` of the payload */
  readonly build: object;
}

/**
 * Queues a delivery for each webhook of a repository that asked for builds. Receivers of pushes often deploy at each
 * delivery, so a webhook has to ask for these. It may run twice, but queues each delivery once.
 */
export async function queueBuildDeliveries(
  ctx: Needs<'tokenKey' | 'publicUrl'>,
  tx: Db,
  repositoryId: number,
  { event, run, build }: BuildEvent,
): Promise<void> {
  const hooks = (await store.listActive(tx, repositoryId)).filter((hook) => hook.tells_builds);
  const repository = hooks.length === 0 ? undefined : await store.findRepositoryForPayload(tx, repositoryId);
  if (repository === undefined) return;
  const body = payloadOfBuild(build, repository, ctx.publicUrl.of(pagePath(repository)));
  for (const { id: webhookId, urls } of hooks) {
    await queueDelivery(tx, ctx.tokenKey, { webhookId, run, position: 0, urls, event, body });
  }
}
