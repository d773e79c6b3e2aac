import { PROBES, type Sizes } from './sizes';

/** A word in many descriptions. */
export const COMMON_WORD = 'server';
/** A word in very few. */
export const RARE_WORD = 'quibbly';

const WORDS = 5000;
/** In the order of their frequency; then come syllables. */
const FIRST_WORDS =
  `'{image,docker,${COMMON_WORD},for,base,simple,application,with,database,web,build,ubuntu,python,node,java,proxy,` +
  `debian,test,client,redis,nginx,postgres,mysql,service,monitor,queue,cache,backup,alpine,worker}'::text[]`;

const CREATE_WORDS = `create unlogged table bench_words as
    select n as rank, coalesce((${FIRST_WORDS})[n],
      (array['ka','lo','mi','ner','tu','sol','pra','den','vi','qua'])[1 + n % 10] ||
      (array['ri','ba','to','les','gon','pe','chu','dra','mo','fin'])[1 + n / 10 % 10] ||
      (array['x','nt','la','rd','us','em','ok','yl','ver','sto'])[1 + n / 100 % 10] ||
      (array['','s','er','ing','ic'])[1 + n / 1000 % 5]) as word
    from generate_series(1, ${WORDS}) n`;

/** The first of n is by far the most frequent, as in any language: the frequency of the k-th is like 1/k. */
const zipf = (n: number): string => `floor(power(${n}, random()))::int`;

/** Whether a repository is a probe. @param id - in SQL */
export function isProbeSql({ repositories }: Sizes, id: string): string {
  return `${id} % ${repositories / PROBES} = 0`;
}

/** Spreads ranks over all numbers: the factor has no divisor in common with a power of ten. */
export function spreadSql(n: number, rank: string): string {
  return `(1 + (${rank})::bigint * 7368787 % ${n})`;
}

/** Users with an address each, and for every twenty users an organization with three owners. */
export function fillAccounts({ users }: Sizes): string[] {
  const organizations = Math.ceil(users / 20);
  return [
    CREATE_WORDS,
    'analyze bench_words',
    `insert into users (id, username, password_hash, created_at) overriding system value
       select 1000 + n, 'user' || n, 'no password has this hash', now() - random() * interval '2000 days'
       from generate_series(1, ${users}) n`,
    `insert into emails (user_id, email, is_primary, verified_at)
       select 1000 + n, 'user' || n || '@example.com', true, now() from generate_series(1, ${users}) n`,
    `insert into namespaces (name, kind, owner_id, full_name)
       select 'user' || n, 'user', 1000 + n, initcap(first.word || ' ' || last.word) from generate_series(1, ${users}) n
         join bench_words first on first.rank = 1 + n % ${WORDS} join bench_words last on last.rank = 1 + n * 7 % ${WORDS}`,
    `insert into namespaces (name, kind, full_name)
       select 'org' || n, 'organization', initcap(word)
       from generate_series(1, ${organizations}) n join bench_words on rank = 1 + n % ${WORDS}`,
    `insert into teams (id, namespace, name, is_owners) overriding system value
       select n, 'org' || n, 'owners', true from generate_series(1, ${organizations}) n`,
    `insert into team_members (team_id, user_id)
       select n, 1001 + (n * 20 + m) % ${users} from generate_series(1, ${organizations}) n, generate_series(0, 2) m`,
  ];
}

/** As many stars as repositories. */
export function fillStars({ users, repositories }: Sizes): string[] {
  return [
    `create unlogged table bench_stars as
       select repository, starrer, now() - random() * interval '1000 days' as at from (
         select distinct ${spreadSql(repositories, `floor(${repositories} * power(random(), 4))`)} as repository,
           1001 + floor(${users} * power(random(), 1.5))::int as starrer
         from generate_series(1, ${repositories})
       ) given`,
    `insert into stars (repository_id, user_id, starred_at) select repository, starrer, at from bench_stars order by at`,
  ];
}

/** One for the name of a repository, and six for its description. */
const DRAWN = Array.from({ length: 7 }, (_, index) => `word${index}`);

/** The first user has a hundredth of a million repositories; every tenth is of an organization, a few are official. */
export function fillRepositories(sizes: Sizes): string[] {
  const { users, repositories } = sizes;
  const organizations = Math.ceil(users / 20);
  const isProbe = isProbeSql(sizes, 'n');
  return [
    `insert into repositories (id, namespace, name, state, visibility, star_count, description, created_at, updated_at)
       overriding system value
       select n,
         case when n % 5000 = 1 then 'library' when n % 10 = 3 then 'org' || 1 + floor(${organizations} * power(random(), 2.5))
           else 'user' || 1 + floor(${users} * power(random(), 2.5)) end,
         word0.word || '-' || n,
         case when n % 50 = 7 and not ${isProbe} then 'initialized' else 'active' end,
         case when ${isProbe} then 'public' when n % 20 = 9 then 'private' when n % 100 = 11 then 'unlisted' else 'public' end,
         coalesce(s.stars, 0),
         concat_ws(' ', ${DRAWN.slice(1)
           .map((word) => `${word}.word`)
           .join(', ')}, case when n % ${repositories / 4} = 5 then '${RARE_WORD}' end),
         now() - (1 - n / ${repositories}::float8) * interval '2000 days',
         now() - random() * (1 - n / ${repositories}::float8) * interval '2000 days'
       from (select n, ${DRAWN.map((word) => `${zipf(WORDS)} as ${word}`).join(', ')} from generate_series(1, ${repositories}) n) drawn
         ${DRAWN.map((word) => `join bench_words ${word} on ${word}.rank = drawn.${word}`).join(' ')}
         left join (select repository, count(*) as stars from bench_stars group by 1) s on s.repository = n
       order by n`,
    `insert into repository_totals (repository_id, pulls, pushes)
       select ${spreadSql(repositories, 'n')}, floor(2e7 / power(n, 0.8) * (0.5 + random())), 1 + floor(1e4 / power(n, 0.6))
       from generate_series(1, ${repositories}) n order by 1`,
    `insert into collaborators (repository_id, user_id)
       select distinct 1 + floor(${repositories} * random())::int, 1001 + floor(${users} * random())::int
       from generate_series(1, ${users})`,
    'insert into pushed_namespaces (name) select distinct namespace from repositories on conflict do nothing',
  ];
}
