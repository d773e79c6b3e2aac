import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openDb, type DbConnection } from '../../../src/platform/db/db';
import { migrate } from '../../../src/platform/db/migrate';
import { explainingRights, reachDatabase } from '../../../src/platform/db/reach-database';
import { createLogger } from '../../../src/platform/log/logger';
import { freePort } from '../../helpers/free-port';
import { startOwnPostgres, type OwnPostgres } from '../../helpers/own-postgres';
import { isInstalled } from '../../helpers/installed';
import { startPgBouncer } from '../../helpers/pgbouncer';
import { selfSignedCertificate } from '../../helpers/self-signed-certificate';

/*
 * The problems that keep Drydock from a database, reported at the start in a sentence: what is wrong, and what to do.
 */

const certificate = selfSignedCertificate('localhost');

let postgres: OwnPostgres;
let port: number;
beforeAll(async () => {
  port = await freePort();
  postgres = await startOwnPostgres({ port, certificate, settings: { listen_addresses: 'localhost' } });
  await asOwner(`create role guest login`);
  await asOwner(`create role locked login password 'right'`);
  await asOwner(`create database latin encoding 'LATIN1' locale 'C' template template0`);
});
afterAll(() => postgres.remove());

async function asOwner(sql: string, database = 'postgres'): Promise<void> {
  const db = openDb({ ...postgres.connection, database }, 1);
  await db.raw(sql);
  await db.destroy();
}

/** @throws what `reachDatabase` throws; a test that would wait for half a minute fails by its timeout */
async function reach(connection: DbConnection): Promise<void> {
  await reachDatabase(connection, createLogger('silent'), new AbortController().signal);
}

function overTcp(parameters: string, user = 'drydock'): string {
  return `postgres://${user}@localhost:${port}/postgres${parameters}`;
}

it('a suitable Postgres is accepted, by socket and by TCP (R90)', async () => {
  await reach(postgres.url);
  await reach(overTcp(''));
});

describe('a certificate', () => {
  it('that is not trusted is refused at once, and the sentence says how to trust it', async () => {
    for (const mode of ['require', 'verify-full']) {
      await expect(reach(overTcp(`?sslmode=${mode}`))).rejects.toThrow(
        /^Cannot use the database: self-signed certificate\. Set the authority .*sslrootcert=.* or set sslmode=no-verify/,
      );
    }
  });

  it('is not checked with no-verify, and is trusted if the URL names it', async () => {
    await reach(overTcp('?sslmode=no-verify'));
    const dir = await mkdtemp(path.join(tmpdir(), 'drydock-ca-'));
    await writeFile(path.join(dir, 'ca.pem'), certificate.cert);
    await reach(overTcp(`?sslmode=verify-full&sslrootcert=${path.join(dir, 'ca.pem')}`));
    await rm(dir, { recursive: true });
  });
});

describe('a database', () => {
  it('that is not encoded in UTF8 is refused (R90)', async () => {
    await expect(reach({ ...postgres.connection, database: 'latin' })).rejects.toThrow(
      'Cannot use the database: latin is encoded in LATIN1, but Drydock needs UTF8. ' +
        'Create it with: createdb --encoding=UTF8 --template=template0 latin',
    );
  });

  it('that does not exist is reported at once', async () => {
    await expect(reach({ ...postgres.connection, database: 'missing' })).rejects.toThrow(
      'Cannot use the database: database "missing" does not exist. ' +
        'Create it: createdb --encoding=UTF8 --template=template0 NAME.',
    );
  });

  it('in which the role may not create anything is refused, with the statement that fixes it (R90)', async () => {
    await expect(reach({ ...postgres.connection, user: 'guest' })).rejects.toThrow(
      'Cannot use the database: guest cannot create tables in postgres. As its owner, run: ' +
        'grant create on schema public to "guest"; grant create on database "postgres" to "guest";',
    );
  });

  it('whose tables belong to another role is refused, and the sentence says so', async () => {
    await asOwner('create database owned');
    const owned = { ...postgres.connection, database: 'owned' };
    const db = openDb(owned, 2);
    await migrate(db);
    await db.destroy();
    const guest = openDb({ ...owned, user: 'guest' }, 2);
    await expect(explainingRights(() => migrate(guest))).rejects.toThrow(
      /^Cannot use the database: create table .* permission denied .* belong to another role/,
    );
    await guest.destroy();
  });
});

function describePgBouncer(): void {
  const IGNORE = 'ignore_startup_parameters = statement_timeout';

  it('that lends connections only for a transaction is refused (R90)', async () => {
    const pooler = await startPgBouncer(postgres, ['pool_mode = transaction', IGNORE]);
    await expect(reach(pooler.url)).rejects.toThrow(
      /shares its connections between transactions.* pool_mode = session/,
    );
    await pooler.close();
  });

  it('that lends connections for a session is accepted', async () => {
    const pooler = await startPgBouncer(postgres, ['pool_mode = session', IGNORE]);
    await reach(pooler.url);
    await pooler.close();
  });

  it('that refuses a parameter leads at once to an error that says how to configure it', async () => {
    const pooler = await startPgBouncer(postgres, ['pool_mode = session']);
    await expect(reach(pooler.url)).rejects.toThrow(/ignore_startup_parameters = statement_timeout/);
    await pooler.close();
  });
}
if (isInstalled('pgbouncer', '--version')) describe('PgBouncer', describePgBouncer);
