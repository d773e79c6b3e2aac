/*
 * Fills a Drydock's database as if very many images had been pushed. Only SQL is fast enough for that; it relies on the
 * schema of `migrations/`.
 */
import type { Drydock } from '../servers/drydock';

/** A word in the description of every third repository. */
export const COMMON_WORD = 'server';

const NAMESPACES = 100;
const IMAGES_EACH = 10;

/** The name of a repository that was filled in, from 1. */
export function filledRepository(number: number): string {
  return `owner${(number % NAMESPACES) + 1}/app-${number}`;
}

const DIGEST = `'sha256:' || repeat('ab', 32)`;

/** Repositories of many users, each with a chain of ten images and two tags. */
export async function fillRepositories(server: Drydock, repositories: number): Promise<void> {
  const images = repositories * IMAGES_EACH;
  await server.sql(
    `insert into users (username, password_hash)
       select 'owner' || n, 'no password has this hash' from generate_series(1, ${NAMESPACES}) n`,
    `insert into namespaces (name, kind, owner_id) select username, 'user', id from users where username like 'owner%'`,
    `insert into repositories (namespace, name, state, star_count, description)
       select 'owner' || (n % ${NAMESPACES}) + 1, 'app-' || n, 'active', (n * 7919) % 1000,
         case n % 3 when 0 then 'A small ${COMMON_WORD} of the number ' else 'What one builds upon, the number ' end || n
       from generate_series(1, ${repositories}) n`,
    `insert into repository_totals (repository_id, pulls, pushes) select id, (id * 104729) % 1000003, 1 from repositories`,
    `insert into blobs (digest, size_bytes, storage_key) values (${DIGEST}, 1, 'nowhere')`,
    `insert into image_contents (image_id, parent_id, json, json_digest, layer_digest, layer_size_bytes, payload_checksum)
       select encode(sha256(n::text::bytea), 'hex'),
         case n % ${IMAGES_EACH} when 0 then null else encode(sha256((n - 1)::text::bytea), 'hex') end,
         '{}', n::text, ${DIGEST}, 1, ''
       from generate_series(0, ${images - 1}) n`,
    `insert into repository_images (repository_id, image_id, content_id, depth)
       select r.id, c.image_id, c.id, c.json_digest::integer % ${IMAGES_EACH} + 1
       from image_contents c join repositories r
         on r.name = 'app-' || (c.json_digest::integer / ${IMAGES_EACH} + 1)`,
    `insert into tags (repository_id, name, image_id)
       select i.repository_id, tag, i.image_id from repository_images i, unnest(array['latest', 'v1']) tag
       where i.depth = ${IMAGES_EACH}`,
    'vacuum analyze',
  );
}
