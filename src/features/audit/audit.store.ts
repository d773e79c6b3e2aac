import type { Db } from '../../platform/db/db';
import { agoSql, query } from '../../platform/db/query';

export interface AuditRow {
  id: number;
  at: Date;
  actor_name: string | null;
  address: string;
  action: string;
  subject: string;
  details: Record<string, string | number | boolean>;
}

interface DoerColumns {
  userId: number | undefined;
  name: string | undefined;
  address: string;
}

/** Inserts events of one doer, in their order. */
export async function insert(
  db: Db,
  doer: DoerColumns,
  events: readonly { action: string; subject: string; details: object }[],
): Promise<void> {
  await query(
    db,
    `insert into audit_events (actor_id, actor_name, address, action, subject, details)
     select $1, $2, $3, action, subject, details
     from unnest($4::text[], $5::text[], $6::jsonb[]) with ordinality as events (action, subject, details, at) order by at`,
    [
      doer.userId ?? null,
      doer.name ?? null,
      doer.address,
      events.map(({ action }) => action),
      events.map(({ subject }) => subject),
      events.map(({ details }) => JSON.stringify(details)),
    ],
  );
}

interface Conditions {
  user?: string | undefined;
  action?: string | undefined;
  subject?: string | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
}

/** Only the conditions that the caller wants, so that each can use its index; their parameters follow `values`. */
function where({ user, action, subject, since, until }: Conditions, values: unknown[]): string {
  const conditions: string[] = [];
  const add = (value: unknown, condition: (parameter: string) => string): void => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  add(user, (p) => `(actor_name = ${p} or (action like 'login.%' and subject = ${p}))`);
  add(action?.replace(/[\\%_]/g, '\\$&').concat('%'), (p) => `action like ${p}`);
  add(subject, (p) => `subject = ${p}`);
  add(since, (p) => `at >= ${p}`);
  add(until, (p) => `at < ${p}`);
  return conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
}

export async function list(
  db: Db,
  filter: Conditions & { limit: number; offset?: number | undefined },
): Promise<AuditRow[]> {
  const values: unknown[] = [filter.limit, filter.offset ?? 0];
  return query<AuditRow>(
    db,
    `select id, at, actor_name, address, action, subject, details from audit_events
     ${where(filter, values)} order by id desc limit $1 offset $2`,
    values,
  );
}

export async function count(db: Db, filter: Conditions): Promise<number> {
  const values: unknown[] = [];
  const rows = await query<{ count: number }>(
    db,
    `select count(*) as count from audit_events ${where(filter, values)}`,
    values,
  );
  return rows[0]?.count ?? 0;
}

/** @returns how many of the oldest events were deleted, at most `limit` */
export async function deleteBefore(db: Db, olderThanMs: number, limit: number): Promise<number> {
  const rows = await query(
    db,
    `delete from audit_events where id in (
       select id from audit_events where at < ${agoSql('$1')} order by at limit $2
     ) returning id`,
    [olderThanMs, limit],
  );
  return rows.length;
}
