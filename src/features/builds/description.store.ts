import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/**
 * Replaces the full description of the repository of a running build, if its source says so and the build is one of the
 * first rule.
 *
 * @returns undefined when it is not so, this builder no longer has the build, or the description is the same
 */
export async function setDescription(
  tx: Db,
  buildId: number,
  builder: string,
  text: string,
): Promise<{ namespace: string; name: string } | undefined> {
  const rows = await query<{ namespace: string; name: string }>(
    tx,
    `update repositories r set full_description = $3, updated_at = now()
     from builds b join build_sources s on s.id = b.source_id
     where b.id = $1 and b.builder = $2 and b.state = 'building' and r.id = b.repository_id and s.syncs_description
       and b.rule_id = (select first.id from build_rules first where first.source_id = s.id order by first.position limit 1)
       and r.full_description <> $3
     returning r.namespace, r.name`,
    [buildId, builder, text],
  );
  return rows[0];
}
