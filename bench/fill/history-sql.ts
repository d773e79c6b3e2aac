import { spreadSql } from './repositories-sql';
import type { Sizes } from './sizes';

/** The history of all tags, as many events of the audit log, and pulls of the last year. */
export function fillHistory({ repositories }: Sizes): string[] {
  return [
    `insert into tag_events (repository_id, tag, to_image_id, actor_name, at)
       select repository_id, name, image_id, 'user1', at
       from (select *, now() - random() * interval '900 days' as at from tags) t order by at`,
    `insert into audit_events (at, actor_name, address, action, subject)
       select now() - (1 - n / ${repositories}::float8) * interval '360 days', 'user' || 1 + floor(1000 * random()), '192.0.2.1',
         'tag.pushed', 'user' || 1 + floor(1000 * random()) || '/' || n
       from generate_series(1, ${repositories}) n`,
    `insert into repository_activity (repository_id, day, engine, kernel, pulls, pushes)
       select distinct on (1, 2, 3) ${spreadSql(repositories, `floor(${repositories} * power(random(), 3))`)},
         (now() - random() * interval '365 days')::date, (array['docker/1.5.0', 'docker/1.9.1', 'docker/17.05.0'])[1 + floor(3 * random())::int],
         '', 1 + floor(50 * random()), 0
       from generate_series(1, 2 * ${repositories})`,
  ];
}
