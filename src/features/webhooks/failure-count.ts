import type { Db } from '../../platform/db/db';
import { queueNotice } from '../accounts/mail-queue';
import { recordEvent, SERVER } from '../audit/audit';
import { displayName } from '../repositories/names';
import * as store from './webhooks.store';

/** When a webhook is disabled. Each of the failed deliveries was tried for an hour. */
const DISABLED_AFTER = { failures: 50, days: 3, failuresInDays: 3 } as const;

const DAY_MS = 24 * 3_600_000;

/** Records that a delivery succeeded: earlier failures are forgotten. */
export async function noteSuccess(tx: Db, webhookId: number): Promise<void> {
  await store.forgetFailures(tx, webhookId);
}

/**
 * Records that a delivery failed for good. After too many failures, or failures for too long, the webhook is disabled,
 * and the users who may enable it again get a mail.
 */
export async function noteFailure(tx: Db, webhookId: number): Promise<void> {
  const failing = await store.countFailure(tx, webhookId);
  if (failing === undefined) return;
  const { failure_count: failures, failing_since: since, failing_ms: failingMs } = failing;
  const isLong = failingMs >= DISABLED_AFTER.days * DAY_MS;
  const isEnough = failures >= DISABLED_AFTER.failures || (isLong && failures >= DISABLED_AFTER.failuresInDays);
  if (!isEnough) return;
  const disabled = await store.disable(tx, webhookId);
  if (disabled === undefined) return;
  const { name, told } = disabled;
  const subject = displayName({ namespace: disabled.namespace, name: disabled.repository });
  await recordEvent(tx, SERVER, { action: 'webhook.disabled', subject, details: { webhook: name, failures } });
  for (const userId of told) await queueDisabledNotice(tx, userId, { name, repository: subject, failures, since });
}

async function queueDisabledNotice(
  tx: Db,
  userId: number,
  hook: { name: string; repository: string; failures: number; since: Date },
): Promise<void> {
  await queueNotice(tx, userId, {
    subject: `The webhook ${hook.name} of ${hook.repository} was disabled`,
    paragraphs: [
      `Deliveries of the webhook ${hook.name} of ${hook.repository} have failed since ${hook.since.toISOString()}, ` +
        `${hook.failures} times in a row. It was disabled and will no longer be called.`,
      'Its deliveries show what went wrong. Once that is fixed, enable it again.',
    ],
  });
}
