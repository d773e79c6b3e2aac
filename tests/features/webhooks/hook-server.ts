import { randomBytes } from 'node:crypto';
import pino from 'pino';
import type { Actor } from '../../../src/features/access/actor';
import { identityWithoutPassword } from '../../../src/features/accounts/users';
import type { Webhook } from '../../../src/features/webhooks/webhooks';
import { jobsOf } from '../../../src/jobs';
import { addressRule } from '../../../src/platform/http/address-rules';
import { GuardedClient, type Resolve } from '../../../src/platform/http/guarded-post';
import { makeJobsDue, runDueJobs } from '../../helpers/run-jobs';
import type { SmtpSettings } from '../../../src/platform/mail/mailer';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { createWebhook } from '../../helpers/by-name';

/** The repository of these tests. */
export const APP = { namespace: 'alice', name: 'app' } as const;

/** A server on which alice pushes, with a log that can be read. */
export interface HookServer extends TestServer {
  readonly lines: readonly string[];
  /** Runs the queued jobs, and the jobs that they queue; retries that are not due stay. */
  runJobs(): Promise<void>;
  /** Also runs the jobs that are not due, once. */
  runRetries(): Promise<void>;
}

/** Starts it with alice, an owner, and bobby, who has no access. */
export async function startHookServer(
  allowed: readonly string[] = ['127.0.0.1'],
  resolve?: Resolve,
  smtp?: SmtpSettings,
): Promise<HookServer> {
  const lines: string[] = [];
  const server = await startTestServer({
    log: pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) }),
    ...(smtp === undefined ? {} : { smtp }),
    guardedClient: new GuardedClient(addressRule(allowed), resolve === undefined ? {} : { resolve }),
  });
  for (const username of ['alice', 'bobby']) await addUser(server, username);
  const runJobs = (): Promise<void> => runDueJobs(server.database, jobsOf(server.ctx), server.ctx.log);
  return {
    ...server,
    lines,
    runJobs,
    runRetries: async () => {
      await makeJobsDue(server.database);
      await runJobs();
    },
  };
}

/** A user who has logged in. */
export async function actor(server: TestServer, username: string): Promise<Actor> {
  const identity = await identityWithoutPassword(server.ctx, username);
  return { kind: 'user', proof: 'password', identity, address: '192.0.2.1' };
}

/** A hook of alice/app. */
export async function addHook(
  server: TestServer,
  ...urls: readonly string[]
): Promise<Webhook & { readonly secret: string }> {
  return addHookTo(server, APP.name, ...urls);
}

/** A hook of another repository of alice. */
export async function addHookTo(
  server: TestServer,
  name: string,
  ...urls: readonly string[]
): Promise<Webhook & { readonly secret: string }> {
  return createWebhook(
    server.ctx,
    await actor(server, 'alice'),
    { namespace: 'alice', name },
    {
      name: `hook ${randomBytes(4).toString('hex')}`,
      urls,
    },
  );
}
