import { MANIFEST_TYPE } from '../clients/images';
import { isProbeSql } from './repositories-sql';
import type { Sizes } from './sizes';

const CHAIN = 10;

const digestOf = (text: string): string => `'sha256:' || encode(sha256(${text}), 'hex')`;

/**
 * Every fourth repository, and each probe, was pushed over v2: the ends of its chains are manifests too, each with a config.
 * Some more lost their tag long ago.
 */
export function fillManifests(sizes: Sizes): string[] {
  const hasManifests = `(repository % 4 = 0 or ${isProbeSql(sizes, 'repository')})`;
  return [
    `create unlogged table bench_manifests as
       select row_number() over (order by repository, chain) as id, repository, image_id, is_last, has_tag, config, layers,
         convert_to('{"schemaVersion":2,"mediaType":"${MANIFEST_TYPE}","config":{"mediaType":' ||
         '"application/vnd.docker.container.image.v1+json","size":1500,"digest":"' || config || '"},"layers":[' || entries || ']}',
         'UTF8') as bytes
       from (
         select c.repository, c.chain, c.image_id, c.is_last, c.has_tag, 'sha256:' || encode(sha256(('config ' || c.has_tag || c.image_id)::bytea), 'hex') as config,
           array_agg(i.layer_digest) as layers, string_agg('{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip",' ||
             '"size":1048576,"digest":"' || i.layer_digest || '"}', ',' order by i.place) as entries
         from (
           select *, true as has_tag from bench_chains where ${hasManifests}
           union all select *, false from bench_chains where ${hasManifests} and random() < 0.02
         ) c join bench_images i on i.repository = c.repository and i.place <= c.place
           and (i.place - 1) / ${CHAIN} = (c.place - 1) / ${CHAIN}
         group by 1, 2, 3, 4, 5
       ) given`,
    `insert into blobs (digest, size_bytes, storage_key, created_at, referenced_at, verified_at)
       select distinct config, 1500, config, now() - interval '90 days', now() - interval '90 days', now()
       from bench_manifests order by 1`,
    `insert into manifests (id, repository_id, digest, media_type, bytes, size_bytes, config_digest, created_at, tagged_at)
       overriding system value
       select id, repository, ${digestOf('bytes')}, '${MANIFEST_TYPE}', bytes, length(bytes), config,
         now() - interval '90 days', now() - interval '90 days'
       from bench_manifests order by id`,
    `insert into manifest_blobs (manifest_id, digest)
       select distinct id, digest from bench_manifests, unnest(layers || config) digest order by 1, 2`,
    `insert into repository_blobs (repository_id, digest, linked_at)
       select distinct repository, digest, now() - interval '90 days' from bench_manifests, unnest(layers || config) digest
       order by 1, 2`,
    `update tags t set manifest_id = m.id from bench_manifests m
       where m.has_tag and t.repository_id = m.repository and t.image_id = m.image_id`,
    `insert into image_manifests (link_id, manifest_id, is_derived)
       select i.id, m.id, true from bench_manifests m join repository_images i
         on i.repository_id = m.repository and i.image_id = m.image_id where m.has_tag`,
    'drop table bench_manifests',
  ];
}
