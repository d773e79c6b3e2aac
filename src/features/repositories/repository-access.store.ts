import type { Db } from '../../platform/db/db';
import { queryShared } from '../../platform/db/shared-query';
import type { Identity, RepositoryName } from '../access/actor';
import { READABLE } from '../access/policy-sql';
import { openedLastSql } from './last-opened.store';
import { findCurrentName } from './moving.store';
import { joinPlatformSql, PLATFORM_IMAGE } from './platform-sql';
import {
  READ_COLUMNS,
  ACCESS_COLUMNS,
  accessStatements,
  accessValues,
  statementFor,
  type RepositoryAccessRow,
  type AccessStatements,
  type CallerSql,
} from './repository-access-row';

const accessText = ({ columns, joins }: CallerSql): string => `select ${columns}, ${ACCESS_COLUMNS} ${joins}`;

const FIND_ACCESS = accessStatements('repositories.find_access', { first: 1 }, accessText);

const FIND_ACCESS_BY_ANY_NAME = accessStatements(
  'repositories.find_access_by_any_name',
  { first: 1, followsAliases: true },
  accessText,
);

/**
 * Whether the caller may see the contents of the repository, checked in the query that reads them. `$5`: a guest, who
 * may.
 */
const IS_SHOWN = `((r.is_remote and $5::boolean) or ${READABLE})`;

/** Whether some tags still wait for images. @param condition - of the tags `t`, in SQL */
function isPendingSql(condition: string): string {
  return `exists (select from pending_images w join tags t on t.manifest_id = w.manifest_id
    where t.repository_id = r.id and ${condition})`;
}

/** Whether the tag list is read: the caller may see it, and it no longer has the version `$6`. */
const IS_WANTED = `${IS_SHOWN} and r.tags_version is distinct from $6`;

/**
 * The whole tag list as JSON text: ten thousand tags need not become objects in between. Neither names nor ids can have
 * a character that JSON would escape.
 *
 * @param of.imageId - the image of a tag `t`, in SQL
 * @param of.joins - what this needs
 * @param of.isPending - whether tags are missing
 */
function findTags(name: string, of: { imageId: string; joins: string; isPending: string }): AccessStatements {
  return withSelected(
    name,
    `r.tags_version as version, case when ${IS_WANTED} then (
       select '{' || coalesce(string_agg('"' || s.name || '":"' || s.image_id || '"', ',' order by s.name), '') || '}'
       from (select t.name, ${of.imageId} as image_id from tags t ${of.joins} where t.repository_id = r.id) s
       where s.image_id is not null
     ) end as json, ${IS_WANTED} and ${of.isPending} as is_pending`,
  );
}

const FIND_TAGS = findTags('repositories.find_tags', {
  imageId: 't.image_id',
  joins: '',
  isPending: isPendingSql('t.image_id is null'),
});

/** The same for engines of the architecture `$7`. */
const FIND_TAGS_OF_PLATFORM = findTags('repositories.find_tags_of_platform', {
  imageId: PLATFORM_IMAGE,
  joins: joinPlatformSql('$7'),
  isPending: isPendingSql('true'),
});

/** The image list as JSON text, in its order, and whether the caller `$6` opened the repository last. */
const FIND_IMAGES = withSelected(
  'repositories.find_images',
  `case when ${IS_SHOWN} then (
     select '[' || coalesce(string_agg('{"id":"' || i.image_id || '"' || coalesce(
       ',"checksum":' || to_json(coalesce(c.payload_checksum, i.checksum))::text, '') || '}', ',' order by i.id), '') || ']'
     from repository_images i left join image_contents c on c.id = i.content_id where i.repository_id = r.id
   ) end as json, ${IS_SHOWN} and ${isPendingSql('t.image_id is null')} as is_pending,
   $6::text is not null and ${openedLastSql('$6', 'r.id')} as is_opened_last`,
);

function withSelected(name: string, selected: string): AccessStatements {
  return accessStatements(
    name,
    { first: 1 },
    ({ columns, joins }) => `select ${columns}, ${READ_COLUMNS}, ${selected} ${joins}`,
  );
}

/** The caller. */
export interface Caller {
  readonly identity: Identity | undefined;
  readonly isGuest: boolean;
}

export interface AccessWithJsonRow extends RepositoryAccessRow {
  /** null when the account may not read the repository, or there is none */
  json: string | null;
  /** images of v1 are still to be derived from manifests; false if the list was not read */
  is_pending: boolean | null;
}

export interface AccessWithTagsRow extends AccessWithJsonRow {
  /** the version of the tag list at the moment of the query; null when there is no repository */
  version: string | null;
}

/** Which tag list. */
export interface TagsWanted {
  /** of engines; undefined: amd64 */
  readonly architecture: string | undefined;
  /** the version that need not be read again: then `json` is null */
  readonly known: string | undefined;
}

/** The access and the repository's tags as JSON, read at one moment. */
export async function findAccessWithTags(
  db: Db,
  caller: Caller,
  name: RepositoryName,
  { architecture, known }: TagsWanted,
): Promise<AccessWithTagsRow> {
  const statement = statementFor(architecture === undefined ? FIND_TAGS : FIND_TAGS_OF_PLATFORM, caller.identity);
  return followingAlias(db, name, async (by) => {
    const values = [...accessValues(caller.identity, by), caller.isGuest, known ?? null];
    if (architecture !== undefined) values.push(architecture);
    return only(await queryShared<AccessWithTagsRow>(db, statement, values));
  });
}

export interface AccessWithImagesRow extends AccessWithJsonRow {
  /** null when the caller has not opened any repository yet */
  is_opened_last: boolean | null;
}

/**
 * The access and the repository's images as JSON.
 *
 * @param callerKey - the key of the caller whose last opening is checked; undefined: it is not checked
 */
export async function findAccessWithImages(
  db: Db,
  caller: Caller,
  name: RepositoryName,
  callerKey: string | undefined,
): Promise<AccessWithImagesRow> {
  const statement = statementFor(FIND_IMAGES, caller.identity);
  return followingAlias(db, name, async (by) => {
    const values = [...accessValues(caller.identity, by), caller.isGuest, callerKey ?? null];
    return only(await queryShared<AccessWithImagesRow>(db, statement, values));
  });
}

function only<R>(rows: readonly R[]): R {
  const row = rows[0];
  if (row === undefined) throw new Error('the access query returned no row');
  return row;
}

/** Runs a query about a repository, and once more by the current name if this is a former one. */
export async function followingAlias<R extends { repository_id: number | null }>(
  db: Db,
  name: RepositoryName,
  run: (name: RepositoryName) => Promise<R>,
): Promise<R> {
  const row = await run(name);
  if (row.repository_id !== null) return row;
  const current = await findCurrentName(db, name);
  return current === undefined ? row : run(current);
}

/** @param followsAliases - whether a former name of a repository is enough */
export async function findRepositoryAccess(
  db: Db,
  identity: Identity | undefined,
  name: RepositoryName,
  followsAliases = false,
): Promise<RepositoryAccessRow> {
  const statement = statementFor(followsAliases ? FIND_ACCESS_BY_ANY_NAME : FIND_ACCESS, identity);
  return only(await queryShared<RepositoryAccessRow>(db, statement, accessValues(identity, name)));
}
