import type { Db } from '../../../platform/db/db';
import { query } from '../../../platform/db/query';
import type { BuildState } from '../builds.store';

/**
 * Remembers that the commit of a build gets a status, if its source is a repository of a linked account with full
 * access. The context is the same for all builds of a rule and ref, whatever their commit.
 */
export async function note(tx: Db, buildId: number): Promise<void> {
  await query(
    tx,
    `insert into build_statuses (build_id, commit_hash, remote_id, context)
     select b.id, b.commit_hash, m.id, 'drydock/' || r.namespace || '/' || r.name || ':' ||
       case when u.tag like '%{sha}%' then replace(b.tag, left(b.commit_hash, 7), '{sha}') else b.tag end
     from builds b join build_remotes m on m.source_id = b.source_id
       join linked_accounts a on a.id = m.linked_account_id and a.access = 'full' and a.unlinked_at is null
       join repositories r on r.id = b.repository_id left join build_rules u on u.id = b.rule_id
     where b.id = $1 and b.commit_hash is not null
     on conflict do nothing`,
    [buildId],
  );
}

/** Whether the provider knows another state of a build, or none. */
export async function isOpen(tx: Db, buildId: number): Promise<boolean> {
  const text = `select 1 from build_statuses where build_id = $1 and error is null
    and (reported is null or reported in ('pending', 'running')) limit 1`;
  return (await query(tx, text, [buildId])).length > 0;
}

export interface StatusRow {
  build_id: number;
  commit_hash: string;
  context: string;
  reported: string | null;
  linked_account_id: number;
  remote_repository: string;
  namespace: string;
  name: string;
  state: BuildState;
  tag: string;
  /** the build has another commit by now */
  is_superseded: boolean;
  /** a build that was begun later reports about the same commit and context */
  is_old: boolean;
  /** the build that has built the commit before, if this one was cancelled */
  built_by: number | null;
  built_state: 'success' | 'error' | null;
}

/** The statuses of a build, with what they should be now. */
export async function list(db: Db, buildId: number): Promise<StatusRow[]> {
  return query<StatusRow>(
    db,
    `select s.build_id, s.commit_hash, s.context, s.reported, m.linked_account_id, m.remote_repository, r.namespace, r.name,
       b.state, b.tag, s.commit_hash <> b.commit_hash as is_superseded,
       exists (select from build_statuses o where o.remote_id = s.remote_id and o.commit_hash = s.commit_hash
         and o.context = s.context and o.build_id > s.build_id) as is_old,
       before.id as built_by, before.state as built_state
     from build_statuses s join builds b on b.id = s.build_id join build_remotes m on m.id = s.remote_id
       join repositories r on r.id = b.repository_id
       left join lateral (
         select p.id, p.state from build_statuses o join builds p on p.id = o.build_id and p.commit_hash = o.commit_hash
         where o.remote_id = s.remote_id and o.commit_hash = s.commit_hash and o.context = s.context
           and o.build_id < s.build_id and p.state in ('success', 'error')
         order by p.id desc limit 1
       ) before on true
     where s.build_id = $1 order by s.commit_hash`,
    [buildId],
  );
}

/** Records what the provider knows, or why it refused it for good. */
export async function setReported(
  db: Db,
  { build_id: buildId, commit_hash: hash }: StatusRow,
  reported: string,
  error?: string,
): Promise<void> {
  await query(
    db,
    `update build_statuses set reported = $3, error = $4, reported_at = now() where build_id = $1 and commit_hash = $2`,
    [buildId, hash, reported, error ?? null],
  );
}

/** Builds that have ended, while the provider of a row knows that they wait or run. */
export async function listOpenOf(db: Db, remoteId: number): Promise<number[]> {
  const rows = await query<{ build_id: number }>(
    db,
    `select s.build_id from build_statuses s join builds b on b.id = s.build_id
     where s.remote_id = $1 and s.reported in ('pending', 'running') and s.error is null and b.finished_at is not null
     order by s.build_id limit 20`,
    [remoteId],
  );
  return rows.map(({ build_id: id }) => id);
}

/** Builds that have ended some time ago, while the provider knows that they wait or run. */
export async function listForgotten(db: Db): Promise<number[]> {
  const rows = await query<{ build_id: number }>(
    db,
    `select distinct s.build_id from build_statuses s join builds b on b.id = s.build_id
     where s.reported in ('pending', 'running') and s.error is null and b.finished_at < now() - interval '1 minute'
     order by s.build_id limit 100`,
  );
  return rows.map(({ build_id: id }) => id);
}
