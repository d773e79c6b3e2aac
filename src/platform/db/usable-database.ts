import type pg from 'pg';
import { AppError } from '../errors';
import { quoted } from './identifiers';

/*
 * What Drydock needs of a database in addition to access: a version, an encoding, rights, and session-level
 * connections. Each is checked when a process starts, so that it fails then with a sentence, and not in the middle of a
 * request.
 */

const OLDEST_VERSION = 140_000;

interface Facts {
  readonly database: string;
  readonly role: string;
  readonly version: number;
  readonly encoding: string;
  /** Rights in the schema `public`, and the right to create schemas in the database: the job queue has one. */
  readonly may_create: boolean;
  readonly is_migrated: boolean;
}

const FACTS = `select current_database() as database, current_user as role,
  current_setting('server_version_num')::int as version,
  current_setting('server_encoding') as encoding,
  has_schema_privilege('public', 'create') and has_database_privilege(current_database(), 'create') as may_create,
  to_regclass('public.knex_migrations') is not null and to_regnamespace('graphile_worker') is not null as is_migrated`;

function unusable(sentence: string): AppError {
  return new AppError('unavailable', `Cannot use the database: ${sentence}`);
}

function assertFacts({
  database,
  role,
  version,
  encoding,
  may_create: mayCreate,
  is_migrated: isMigrated,
}: Facts): void {
  if (version < OLDEST_VERSION) {
    throw unusable(`it is Postgres ${Math.floor(version / 10_000)}, and Drydock needs 14 or later.`);
  }
  if (encoding !== 'UTF8') {
    const create = `createdb --encoding=UTF8 --template=template0 ${database}`;
    throw unusable(`${database} is encoded in ${encoding}, but Drydock needs UTF8. Create it with: ${create}`);
  }
  if (mayCreate || isMigrated) return;
  const grant = `grant create on schema public to ${quoted(role)}; grant create on database ${quoted(database)} to ${quoted(role)};`;
  throw unusable(`${role} cannot create tables in ${database}. As its owner, run: ${grant}`);
}

const LOOKS = 5;

async function backendOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}

/**
 * Two connections that are open at once have two backends, and keep them, unless a pooler between us and Postgres lends
 * each of its own only for a transaction. Prepared statements, session locks and notifications need more than that.
 */
async function assertOwnBackends(first: pg.Client, second: pg.Client): Promise<void> {
  const [one, other] = [await backendOf(first), await backendOf(second)];
  for (let look = 0; look < LOOKS; look += 1) {
    const isShared = one === other || (await backendOf(first)) !== one || (await backendOf(second)) !== other;
    if (!isShared) continue;
    throw unusable(
      'a pooler shares its connections between transactions, but Drydock needs whole sessions. ' +
        'Set pool_mode = session in PgBouncer, or connect to Postgres directly in DATABASE_URL.',
    );
  }
}

/**
 * Makes sure that Drydock can work with a database.
 *
 * @param connect - opens one more connection to it
 * @throws AppError `unavailable` with what is wrong and what to do; what `connect` and the connections throw
 */
export async function assertUsable(connect: () => Promise<pg.Client>): Promise<void> {
  const clients: pg.Client[] = [];
  try {
    const first = await connect();
    clients.push(first);
    const { rows } = await first.query<Facts>(FACTS);
    if (rows[0] !== undefined) assertFacts(rows[0]);
    const second = await connect();
    clients.push(second);
    await assertOwnBackends(first, second);
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  }
}
