import path from 'node:path';
import { inLongTransaction, inTransaction, openDb, type Db } from '../../../src/platform/db/db';
import { query } from '../../../src/platform/db/query';
import { AppError } from '../../../src/platform/errors';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.db.raw('create table counters (id int primary key, value int not null)');
  await database.db.raw('insert into counters values (1, 0), (2, 0)');
  await database.db.raw('create sequence attempts');
});
afterAll(() => database.drop());

const NOT_ANSWERING = {
  name: 'AppError',
  code: 'unavailable',
  message: 'The database does not answer',
  retryAfterSeconds: 5,
};

const TOO_BUSY = {
  name: 'AppError',
  code: 'unavailable',
  message: 'The database is too busy with this',
  retryAfterSeconds: 1,
};

/** Raises an error of Postgres, and counts in a way that no rollback reverts. */
function raise(sqlstate: string): string {
  return `do $$ begin perform nextval('attempts'); raise exception 'made' using errcode = '${sqlstate}'; end $$`;
}

async function attemptsOf(work: () => Promise<unknown>): Promise<{ attempts: number; error: unknown }> {
  const read = async (): Promise<number> => {
    const rows = await query<{ count: number }>(database.db, `select nextval('attempts')::int as count`);
    return rows[0]?.count ?? 0;
  };
  const before = await read();
  const error = await work().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { attempts: (await read()) - before - 1, error };
}

describe('two conflicting transactions', () => {
  it('both succeed, because the one that Postgres aborts runs once more (R27)', async () => {
    let attempts = 0;
    let arrived = 0;
    let open: () => void = () => undefined;
    const bothHoldOne = new Promise<void>((resolve) => (open = resolve));
    const raiseBoth = (first: number, second: number) =>
      inTransaction(database.db, async (tx) => {
        attempts += 1;
        await query(tx, 'update counters set value = value + 1 where id = $1', [first]);
        if ((arrived += 1) === 2) open();
        await bothHoldOne;
        await query(tx, 'update counters set value = value + 1 where id = $1', [second]);
      });
    await Promise.all([raiseBoth(1, 2), raiseBoth(2, 1)]);
    // Postgres may abort one of them or, when both check at the same moment, either.
    expect([3, 4]).toContain(attempts);
    expect(await query(database.db, 'select id, value from counters order by id')).toEqual([
      { id: 1, value: 2 },
      { id: 2, value: 2 },
    ]);
  });

  it.each(['40P01', '40001'])(
    'fail as unavailable when %s comes twice, in a transaction or without (R27)',
    async (state) => {
      const alone = await attemptsOf(() => query(database.db, raise(state)));
      expect(alone).toMatchObject({ attempts: 2, error: TOO_BUSY });
      const inside = await attemptsOf(() => inTransaction(database.db, (tx) => query(tx, raise(state))));
      expect(inside).toMatchObject({ attempts: 2, error: TOO_BUSY });
    },
  );
});

describe('an error of Postgres', () => {
  it.each([
    ['57P01', 'a shutdown'],
    ['57P02', 'a crash'],
    ['57P03', 'a start'],
    ['53300', 'too many connections'],
    ['08006', 'a lost connection'],
    ['57014', 'a statement that takes too long'],
    ['25006', 'a standby'],
  ])('%s, %s, becomes unavailable, and nothing runs twice (R25)', async (state) => {
    const { attempts, error } = await attemptsOf(() => query(database.db, raise(state)));
    expect(error).toBeInstanceOf(AppError);
    expect({ attempts, error }).toMatchObject({ attempts: 1, error: NOT_ANSWERING });
  });

  it('53100, a full disk, becomes the same error as a full disk for layers (R28)', async () => {
    await expect(query(database.db, raise('53100'))).rejects.toMatchObject({ name: 'AppError', code: 'storage_full' });
  });

  it.each([
    ['text', 'select $1::text', 'a\0b'],
    ['jsonb', 'select $1::jsonb', JSON.stringify({ a: '\0' })],
  ])('a NUL in %s is the fault of the sender, wherever it came in', async (_type, sql, value) => {
    await expect(query(database.db, sql, [value])).rejects.toMatchObject({ name: 'AppError', code: 'invalid' });
    await expect(inTransaction(database.db, (tx) => query(tx, sql, [value]))).rejects.toMatchObject({
      code: 'invalid',
    });
  });

  it.each(['23505', '22P02', '42P01'])('%s is not translated', async (state) => {
    const { attempts, error } = await attemptsOf(() => query(database.db, raise(state)));
    expect(error).not.toBeInstanceOf(AppError);
    expect({ attempts, error }).toMatchObject({ attempts: 1, error: { code: state } });
  });
});

describe('an unreachable Postgres', () => {
  it.each([
    ['no socket', { host: path.join(__dirname, 'nowhere'), port: 5432, user: 'drydock', database: 'drydock' }],
    ['nothing that listens', 'postgres://drydock@127.0.0.1:1/drydock'],
    ['no such host', 'postgres://drydock@host.invalid/drydock'],
  ])('with %s is unavailable at once (R25)', async (_, connection) => {
    const db = openDb(connection);
    try {
      await expect(query(db, 'select 1')).rejects.toMatchObject(NOT_ANSWERING);
      await expect(inTransaction(db, (tx) => query(tx, 'select 1'))).rejects.toMatchObject(NOT_ANSWERING);
    } finally {
      await db.destroy();
    }
  });
});

describe('time limits', () => {
  const limitOf = async (db: Db): Promise<unknown> => query(db, 'show statement_timeout');

  it('give a statement ten seconds, unless it runs in the background (R26)', async () => {
    expect(await limitOf(database.db)).toEqual([{ statement_timeout: '10s' }]);
    expect(await inTransaction(database.db, limitOf)).toEqual([{ statement_timeout: '10s' }]);
    expect(await inLongTransaction(database.db, limitOf)).toEqual([{ statement_timeout: '0' }]);
    expect(await limitOf(database.db)).toEqual([{ statement_timeout: '10s' }]);
  });

  it('let a request wait five seconds for a connection (R26)', async () => {
    const db = openDb(database.connection, 1);
    try {
      await inTransaction(db, async (tx) => {
        const startedAt = Date.now();
        await expect(query(db, 'select 1')).rejects.toMatchObject(NOT_ANSWERING);
        const waitedMs = Date.now() - startedAt;
        expect(waitedMs).toBeGreaterThan(4500);
        expect(waitedMs).toBeLessThan(9000);
        await query(tx, 'select 1');
      });
      await expect(query(db, 'select 1 as one')).resolves.toEqual([{ one: 1 }]);
    } finally {
      await db.destroy();
    }
  });

  it('give up a backend that does not answer, and its connection, after twelve seconds (R26)', async () => {
    const db = openDb(database.connection, 1);
    const rows = await query<{ pid: number }>(db, 'select pg_backend_pid() as pid');
    const pid = rows[0]?.pid ?? 0;
    process.kill(pid, 'SIGSTOP');
    try {
      await expect(query(db, 'select 1')).rejects.toMatchObject(NOT_ANSWERING);
      const again = await query<{ pid: number }>(db, 'select pg_backend_pid() as pid');
      expect(again[0]?.pid).not.toBe(pid);
    } finally {
      process.kill(pid, 'SIGCONT');
      await db.destroy();
    }
  });
});
