import type { Needs } from '../../context';
import { countEvents, listEvents, type AuditFilter, type RecordedEvent } from '../audit/audit';
import type { Actor } from './actor';
import { requireAdministrator } from './current-account';

/**
 * The events in the audit log that the filter lets through, the newest first, and their total number; for
 * administrators.
 *
 * @throws AppError as `requireAdministrator`
 */
export async function readAuditLog(
  ctx: Needs<'db'>,
  actor: Actor,
  filter: AuditFilter,
): Promise<{ total: number; events: RecordedEvent[] }> {
  await requireAdministrator(ctx, actor);
  return { total: await countEvents(ctx, filter), events: await listEvents(ctx, filter) };
}
