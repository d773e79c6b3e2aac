import type { Db } from '../../platform/db/db';
import { queryPrepared, type PreparedStatement } from '../../platform/db/query';
import type { RepositoryName } from '../accounts/actor';
import { openedLastSql } from './openings.store';
import { readableSql } from './policy';
import { SCOPE_COLUMNS, type ScopeRow } from './scope-row';

/** One row, always: the account, the namespace and the repository, each as far as it exists. */
const FIND_SCOPE = {
  name: 'repositories.find_scope',
  text: `select ${SCOPE_COLUMNS}
    from (select $1::bigint as user_id) asked
    left join users u on u.id = asked.user_id
    left join namespaces n on n.name = $2
    left join repositories r on r.namespace = $2 and r.name = $3`,
};

/** What a repository holds, for whoever may read it, in the query that says whether he may. `$4`: a guest, who may. */
const READABLE = `((r.is_remote and $4::boolean) or ${readableSql('u.id', 'coalesce(u.is_admin, false)')})`;

/**
 * The whole tag list as JSON text: ten thousand tags need not become objects on the way. Neither names nor ids can have
 * a character that JSON would escape. Nothing when it is as it was in the version `$5`.
 */
const FIND_TAGS = withSelected(
  'repositories.find_tags',
  `r.tags_version as version, case when ${READABLE} and r.tags_version is distinct from $5 then (
     select '{' || coalesce(string_agg('"' || t.name || '":"' || t.image_id || '"', ',' order by t.name), '') || '}'
     from tags t where t.repository_id = r.id
   ) end as json`,
);

/** The image list as JSON text, in its order, and whether the caller `$5` opened the repository last. */
const FIND_IMAGES = withSelected(
  'repositories.find_images',
  `case when ${READABLE} then (
     select '[' || coalesce(string_agg('{"id":"' || i.image_id || '"' || coalesce(
       ',"checksum":' || to_json(coalesce(c.payload_checksum, i.checksum))::text, '') || '}', ',' order by i.id), '') || ']'
     from repository_images i left join image_contents c on c.id = i.content_id where i.repository_id = r.id
   ) end as json,
   $5::text is not null and ${openedLastSql('$5', 'r.id')} as is_opened_last`,
);

function withSelected(name: string, selected: string): PreparedStatement {
  return { name, text: FIND_SCOPE.text.replace(SCOPE_COLUMNS, `${SCOPE_COLUMNS}, ${selected}`) };
}

/** Who asks. */
interface Caller {
  readonly userId: number | undefined;
  readonly isGuest: boolean;
}

export interface ScopeWithJsonRow extends ScopeRow {
  /** null when the account may not read the repository, or there is none */
  json: string | null;
}

export interface ScopeWithTagsRow extends ScopeWithJsonRow {
  /** of the tag list at the moment of the query; null when there is no repository */
  version: string | null;
}

/**
 * The scope and the repository's tags as JSON, read at one moment.
 *
 * @param known - the version that need not be read again: `json` is null then
 */
export async function findScopeWithTags(
  db: Db,
  caller: Caller,
  name: RepositoryName,
  known: string | undefined,
): Promise<ScopeWithTagsRow> {
  const values = [caller.userId ?? null, name.namespace, name.name, caller.isGuest, known ?? null];
  return only(await queryPrepared<ScopeWithTagsRow>(db, FIND_TAGS, values));
}

export interface ScopeWithImagesRow extends ScopeWithJsonRow {
  /** null when the caller opened nothing yet */
  is_opened_last: boolean | null;
}

/**
 * The scope and the repository's images as JSON.
 *
 * @param callerKey - of whom to tell what he opened last; undefined: of nobody
 */
export async function findScopeWithImages(
  db: Db,
  caller: Caller,
  name: RepositoryName,
  callerKey: string | undefined,
): Promise<ScopeWithImagesRow> {
  const values = [caller.userId ?? null, name.namespace, name.name, caller.isGuest, callerKey ?? null];
  return only(await queryPrepared<ScopeWithImagesRow>(db, FIND_IMAGES, values));
}

function only<R>(rows: readonly R[]): R {
  const row = rows[0];
  if (row === undefined) throw new Error('the scope query returned no row');
  return row;
}

export async function findScope(db: Db, userId: number | undefined, name: RepositoryName): Promise<ScopeRow> {
  return only(await queryPrepared<ScopeRow>(db, FIND_SCOPE, [userId ?? null, name.namespace, name.name]));
}
