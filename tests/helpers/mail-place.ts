import type { Context, Settings } from '../../src/context';
import { jobsOf } from '../../src/jobs';
import { recordingLogger } from './log-lines';
import { withoutNotices } from './notices';
import { makeJobsDue, runDueJobs } from './run-jobs';
import { startSmtpServer, type ReceivedMail, type TestSmtpServer } from './smtp-server';
import { createTestContext } from './test-context';
import { createTestDatabase, type TestDatabase } from './test-database';

/** A context whose mails arrive at a mail server. */
export interface MailPlace {
  readonly ctx: Context;
  readonly database: TestDatabase;
  readonly smtp: TestSmtpServer;
  /** Every line of the log. */
  readonly logLines: readonly string[];
  /** Runs the waiting jobs, including those that failed before; resolves to the mails that have arrived by then. */
  deliver(): Promise<ReceivedMail[]>;
  /** The same, without the mails that notify an account of a change. */
  deliverLinks(): Promise<ReceivedMail[]>;
  close(): Promise<void>;
}

/** @param settings - what differs from an open installation */
export async function createMailPlace(settings: Partial<Settings> = {}): Promise<MailPlace> {
  const [database, smtp] = await Promise.all([createTestDatabase(), startSmtpServer()]);
  const { log, lines } = recordingLogger();
  const ctx = createTestContext(database.db, { settings, smtp: smtp.settings, log });
  const deliver = async (): Promise<ReceivedMail[]> => {
    const before = smtp.mails.length;
    await makeJobsDue(database);
    await runDueJobs(database, jobsOf(ctx), log);
    return smtp.mails.slice(before);
  };
  return {
    ctx,
    database,
    smtp,
    logLines: lines,
    deliver,
    deliverLinks: async () => withoutNotices(await deliver()),
    close: async () => {
      ctx.mailer.close();
      await Promise.all([database.drop(), smtp.close()]);
    },
  };
}

/** The text of all rows of all tables, the job queue's too. */
export async function dumpDatabase(database: TestDatabase): Promise<string> {
  const { rows } = await database.db.raw<{ rows: { name: string }[] }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema')`,
  );
  expect(rows.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['public.email_links', 'graphile_worker._private_jobs']),
  );
  const texts: string[] = [];
  for (const { name } of rows) {
    const found = await database.db.raw<{ rows: { text: string }[] }>(`select t::text as text from ${name} t`);
    texts.push(name, ...found.rows.map(({ text }) => text));
  }
  return texts.join('\n');
}
