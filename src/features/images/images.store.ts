import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import { queryShared } from '../../platform/db/shared-query';
import type { Identity, RepositoryName } from '../access/actor';
import { chainSql } from '../repositories/chain-sql';
import { callerJoins, passwordJoins, READABLE, WRITABLE, type CallerRow } from '../access/policy-sql';
import {
  READ_COLUMNS,
  REPOSITORY_COLUMNS,
  accessStatements,
  accessValues,
  statementFor,
  statementsOf,
  type CallerSql,
  type RepositoryRow,
  type AccessStatements,
} from '../repositories/repository-access-row';

/** The image that an id names in a repository. */
export interface FoundRow extends Pick<RepositoryRow, 'repository_id' | 'visibility'> {
  link_id: number | null;
  depth: number | null;
  content_id: number | null;
  layer_size_bytes: number | null;
  layer_digest: string | null;
  storage_key: string | null;
  payload_checksum: string | null;
  is_damaged: boolean;
  /** a push listed the image since its layer was found to be damaged */
  is_listed_again: boolean;
  has_upload: boolean;
}

/** A place in a repository that an image id names: the facts that the access rules need, and the image there. */
export interface ImageRow extends CallerRow, FoundRow, RepositoryRow {}

const IMAGE_COLUMNS = `i.id as link_id, i.depth, c.id as content_id, c.layer_size_bytes,
  c.layer_digest, c.payload_checksum, b.storage_key, b.damaged_at is not null as is_damaged,
  coalesce(i.announced_at >= b.damaged_at, false) as is_listed_again,
  (c.id is null and exists (select 1 from uploads x where x.repository_id = r.id and x.image_id = $1)) as has_upload`;

const CONTENT_JOINS = `left join image_contents c on c.id = i.content_id left join blobs b on b.digest = c.layer_digest`;

/** Always one row: the caller, the repository that the token names, and the image there. */
function findIn(name: string, columns: string): AccessStatements {
  return accessStatements(
    name,
    { first: 2 },
    (caller) => `select ${caller.columns}, ${columns}, ${IMAGE_COLUMNS}
    ${caller.joins}
    left join repository_images i on i.repository_id = r.id and i.image_id = $1
    ${CONTENT_JOINS}`,
  );
}

const FIND_IN_REPOSITORY = {
  read: findIn('images.find_to_read', READ_COLUMNS),
  write: findIn('images.find_to_write', REPOSITORY_COLUMNS),
};

/** @param access - when reading, the row has the role only if the repository is private */
export async function findInRepository(
  db: Db,
  imageId: string,
  identity: Identity | undefined,
  name: RepositoryName,
  access: 'read' | 'write',
): Promise<ImageRow> {
  const statement = statementFor(FIND_IN_REPOSITORY[access], identity);
  const row = (await queryShared<ImageRow>(db, statement, [imageId, ...accessValues(identity, name)]))[0];
  if (row === undefined) throw new Error('the image query returned no row');
  return row;
}

const FIND_BY_ID = {
  name: 'images.find_by_id',
  text: `select r.id as repository_id, r.visibility, ${IMAGE_COLUMNS} from repositories r
    left join repository_images i on i.repository_id = r.id and i.image_id = $1
    ${CONTENT_JOINS} where r.id = $2`,
};

/** The image in a repository that the caller was authorised for; undefined when the repository is gone. */
export async function findById(db: Db, imageId: string, repositoryId: number): Promise<FoundRow | undefined> {
  return (await queryShared<FoundRow>(db, FIND_BY_ID, [imageId, repositoryId]))[0];
}

/** The columns and the joins that the conditions on an image's link `i` need. */
interface Places {
  /** the repository of the link, its namespace, and the caller */
  readonly joins: string;
  /** what the caller may do there */
  readonly condition: string;
}

/**
 * The first link of an id in the order of choice when no token names a repository; see `images.ts`. Postgres evaluates the
 * arguments of `coalesce` until one has a value. None of them reads all links, because the image of a popular base is in
 * very many repositories.
 */
function choiceSql({ joins, condition }: Places): string {
  const opened = `select i.id from repository_openings o
    join repository_images i on i.repository_id = o.repository_id and i.image_id = $1 ${joins}
    where o.caller = $4 and ${condition}
    order by o.opened_at desc, coalesce(n.owner_id = $2, false) desc, (r.namespace = 'library') desc, i.id limit 1`;
  const within = (namespace: string): string => `select i.id from repository_images i ${joins}
    left join image_contents c on c.id = i.content_id
    where i.image_id = $1 and ${namespace} and ${condition} order by c.completed_at asc nulls last, i.id limit 1`;
  const complete = `select first.id from image_contents c cross join lateral (
      select i.id from repository_images i ${joins} where i.content_id = c.id and ${condition} order by i.id limit 1
    ) first where c.image_id = $1 order by c.completed_at, first.id limit 1`;
  const announced = `select i.id from repository_images i ${joins}
    where i.image_id = $1 and i.content_id is null and ${condition} order by i.id limit 1`;
  const parts = [opened, within('n.owner_id = $2'), within(`r.namespace = 'library'`), complete, announced];
  return `coalesce(${parts.map((part) => `(${part})`).join(', ')})`;
}

function findAnywhere(name: string, condition: string): AccessStatements {
  const text = (caller: CallerSql): string => {
    const joins = `join repositories r on r.id = i.repository_id and r.state <> 'deleting'
      join namespaces n on n.name = r.namespace ${caller.joins}`;
    return `select ${caller.columns}, ${REPOSITORY_COLUMNS}, ${IMAGE_COLUMNS}
      from repository_images i ${joins} ${CONTENT_JOINS}
      where $3::bigint is not distinct from $3 and i.id = ${choiceSql({ joins, condition })}`;
  };
  const joins = (isByToken: boolean): string => (isByToken ? callerJoins('$2', '$3') : passwordJoins('$2'));
  return statementsOf(name, { fullName: `(r.namespace || '/' || r.name)`, joins }, text);
}

const FIND_READABLE = findAnywhere('images.find_readable', READABLE);
const FIND_WRITABLE = findAnywhere('images.find_writable', WRITABLE);

/** The image in the repository that takes precedence among those that the account may read, or write. */
export async function findAmongRepositories(
  db: Db,
  imageId: string,
  caller: { identity: Identity | undefined; callerKey: string },
  access: 'read' | 'write',
): Promise<(ImageRow & RepositoryName) | undefined> {
  const { identity, callerKey } = caller;
  const statement = statementFor(access === 'read' ? FIND_READABLE : FIND_WRITABLE, identity);
  const values = [imageId, identity?.userId ?? null, identity?.accessTokenId ?? null, callerKey];
  return (await queryShared<ImageRow & RepositoryName>(db, statement, values))[0];
}

const FIND_JSON = { name: 'images.find_json', text: 'select json from image_contents where id = $1' };

export async function findJson(db: Db, contentId: number): Promise<Buffer | undefined> {
  return (await queryShared<{ json: Buffer }>(db, FIND_JSON, [contentId]))[0]?.json;
}

const CHAIN = chainSql('i.id = $1', '$2');

/** The ids of a chain, the child first. */
const ANCESTRY = { name: 'images.ancestry', text: `${CHAIN} select image_id from chain order by depth desc` };

export async function ancestry(db: Db, linkId: number, repositoryId: number): Promise<string[]> {
  return (await queryShared<{ image_id: string }>(db, ANCESTRY, [linkId, repositoryId])).map((row) => row.image_id);
}

export interface ChainLayerRow {
  digest: string;
  storage_key: string;
  size_bytes: number;
  is_damaged: boolean;
}

/** The layers of an image and its ancestors, the image's first. */
export async function chainLayers(db: Db, linkId: number, repositoryId: number): Promise<ChainLayerRow[]> {
  return query<ChainLayerRow>(
    db,
    `${CHAIN}
     select b.digest, b.storage_key, b.size_bytes, b.damaged_at is not null as is_damaged
     from chain join blobs b on b.digest = chain.layer_digest order by chain.depth desc`,
    [linkId, repositoryId],
  );
}
