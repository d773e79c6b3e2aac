import { z } from 'zod';
import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { RepositoryName } from '../access/actor';
import { sameRepository } from '../repositories/names';
import { callbackHash } from './callback-id';
import * as store from './deliveries.store';
import { queueDelivery } from './push-deliveries';
import { repositoryOf } from './payload';

const callbackBody = z.object(
  {
    state: z.enum(['success', 'failure', 'error'], 'state must be success, failure or error'),
    description: z.string('description must be text').max(255, 'description has at most 255 characters').nullish(),
    context: z.string('context must be text').max(100, 'context has at most 100 characters').nullish(),
    target_url: z
      .url({ protocol: /^https?$/, error: 'target_url must be a URL' })
      .max(2000, 'target_url has at most 2000 characters')
      .nullish(),
  },
  'The body must be a JSON object',
);

const MISSING = 'No such callback';
const ID = /^[0-9a-f]{64}$/;

function storable(text: string | null | undefined): string | undefined {
  return text?.replaceAll('\0', '\ufffd');
}

/**
 * Takes a receiver's callback about a delivery (protocol 6.3). A success continues with the next URL of the chain; any
 * other state ends the chain. Only the first callback counts.
 *
 * @param id - the secret of the callback URL; knowing it is enough
 * @param readBody - reads JSON from the wire; not called for an unknown id
 * @throws AppError `not_found`, `invalid`, `conflict` when there was a callback already
 */
export async function takeCallback(
  ctx: Needs<'db' | 'tokenKey'>,
  name: RepositoryName,
  id: string,
  readBody: () => Promise<unknown>,
): Promise<void> {
  const row = ID.test(id) ? await store.findByCallback(ctx.db, callbackHash(id)) : undefined;
  if (row === undefined || !sameRepository(repositoryOf(row.body), name)) throw new AppError('not_found', MISSING);
  const parsed = callbackBody.safeParse(await readBody());
  if (!parsed.success) throw new AppError('invalid', parsed.error.issues[0]?.message ?? 'Invalid data');
  const { state, description, context, target_url: targetUrl } = parsed.data;
  const callback = {
    state,
    description: storable(description),
    context: storable(context),
    target_url: targetUrl ?? undefined,
    at: new Date().toISOString(),
  };
  await inTransaction(ctx.db, async (tx) => {
    if (!(await store.updateCallback(tx, row.id, callback))) {
      throw new AppError('conflict', 'This was called back already');
    }
    const { webhook_id: webhookId, run, urls, event, body } = row;
    const position = row.position + 1;
    if (state !== 'success' || position >= urls.length) return;
    await queueDelivery(tx, ctx.tokenKey, { webhookId, run, position, urls, event, body });
  });
}
