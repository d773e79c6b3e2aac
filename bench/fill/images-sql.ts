import { isProbeSql } from './repositories-sql';
import { IMAGES_OF_PROBE, PROBES, type Sizes } from './sizes';

const CHAIN = 10;
const POPULAR_BASES = 1000;
const POPULAR_LAYERS = 10_000;

const hex = (text: string): string => `encode(sha256((${text})::bytea), 'hex')`;

/** About as much as an engine writes of a build step, shortened. */
const JSON_OF_IMAGE = `'{"id":"' || image_id || '"' || coalesce(',"parent":"' || parent_id || '"', '') ||
  ',"created":"2015-02-10T18:00:00.123456789Z","container":"' || image_id || '","container_config":{"Hostname":"' ||
  left(image_id, 12) || '","Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["/bin/sh","-c",' ||
  '"#(nop) ADD file in /srv"]},"docker_version":"1.5.0","architecture":"amd64","os":"linux","Size":1048576}'`;

/**
 * Chains of ten images. A repository that is not a probe has at least one image. The first image of every third is one of
 * a few popular ones.
 */
export function fillImages(sizes: Sizes): string[] {
  const { repositories, images } = sizes;
  const extra = images - (repositories - PROBES) - PROBES * IMAGES_OF_PROBE;
  const isProbe = isProbeSql(sizes, 'n');
  return [
    `create unlogged table bench_images as
       select repository, place, image_id,
         case when place % ${CHAIN} <> 1 then lag(image_id) over (partition by repository order by place) end as parent_id,
         'sha256:' || ${hex(
           `case when is_base or random() < 0.6 then 'layer ' || image_id else 'popular ' || floor(power(${POPULAR_LAYERS}, random())) end`,
         )} as layer_digest,
         (place - 1) % ${CHAIN} + 1 as depth, count(*) over (partition by repository) as images
       from (
         select repository, place, is_base, ${hex(
           `case when is_base then 'base ' || floor(power(${POPULAR_BASES}, random())) else repository || ' ' || place end`,
         )} as image_id
         from (
           select repository, place, place = 1 and repository % 3 = 2 and not ${isProbeSql(sizes, 'repository')} as is_base from (
             select repository, row_number() over (partition by repository) as place from (
               select n as repository from generate_series(1, ${repositories}) n,
                 generate_series(1, case when ${isProbe} then ${IMAGES_OF_PROBE} else 1 end)
               union all
               select case when ${isProbe} then n - 1 else n end
                 from (select 1 + floor(${repositories} * power(random(), 3))::int as n from generate_series(1, ${extra})) more
             ) given
           ) placed
         ) shared
       ) named`,
    `insert into blobs (digest, size_bytes, storage_key, created_at, referenced_at, verified_at)
       select layer_digest, 1000 + floor(1e6 / (0.01 + random())), layer_digest, now() - interval '90 days', now() - interval '90 days',
         case when random() < 0.8 then now() - random() * interval '20 days' end
       from (select distinct layer_digest from bench_images) given order by 1`,
    `insert into image_contents (image_id, parent_id, json, json_digest, layer_digest, layer_size_bytes, payload_checksum, completed_at)
       select image_id, parent_id, (${JSON_OF_IMAGE})::bytea, 'sha256:' || ${hex(`image_id || coalesce(parent_id, '')`)}, layer_digest, 1048576, '',
         now() - interval '90 days'
       from (select distinct on (image_id) * from bench_images order by image_id) given`,
    `insert into repository_images (repository_id, image_id, content_id, depth, announced_at)
       select i.repository, i.image_id, c.id, i.depth, now() - random() * interval '900 days' - interval '2 days'
       from bench_images i join image_contents c on c.image_id = i.image_id order by i.repository, i.place`,
  ];
}

/** The end of each chain has a tag, but for a few that lost theirs; the last is also `latest`. */
export function fillTags(): string[] {
  return [
    `create unlogged table bench_chains as
       select repository, place, image_id, 1 + (place - 1) / ${CHAIN} as chain, place = images as is_last from bench_images
       where (place % ${CHAIN} = 0 or place = images) and not (place < images and place / ${CHAIN} % 50 = 7)`,
    `insert into tags (repository_id, name, image_id)
       select repository, name, image_id from bench_chains,
         unnest(case when is_last then array['latest', 'v' || chain] else array['v' || chain] end) name
       order by repository, name`,
  ];
}
