import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { OPERATOR_ACTOR } from '../../src/features/access/actor';
import { createApp } from '../../src/app';
import type { BlobStore } from '../../src/blobs/blob-store';
import { FilesystemBlobStore } from '../../src/blobs/filesystem';
import type { Context, Settings } from '../../src/context';
import { createUser } from '../../src/features/accounts/users';
import type { GuardedClient } from '../../src/platform/http/guarded-post';
import { createHttpServer, listen } from '../../src/platform/http/server';
import { ensureTokenKey } from '../../src/features/accounts/token-key';
import { HTTP_TIMEOUTS, type HttpTimeouts } from '../../src/platform/http/timeouts';
import type { Logger } from '../../src/platform/log/logger';
import type { SmtpSettings } from '../../src/platform/mail/mailer';
import { Metrics } from '../../src/platform/metrics/metrics';
import type { PasswordLimits } from '../../src/platform/passwords/password-checker';
import { closeWorkshops } from '../../src/workshops';
import { createTestContext } from './test-context';
import { createTestDatabase, type TestDatabase } from './test-database';

/** A listening server on a database and a folder of its own. */
export interface TestServer {
  readonly url: string;
  /** `127.0.0.1:port`, as it stands in `X-Docker-Endpoints` */
  readonly host: string;
  readonly port: number;
  /** for supertest */
  readonly server: Server;
  readonly ctx: Context;
  readonly database: TestDatabase;
  readonly blobDir: string;
  close(): Promise<void>;
}

/** Starts a server in this process; `settings` differ from an open one with cheap passwords. */
export async function startTestServer(
  options: {
    settings?: Partial<Settings>;
    blobs?: BlobStore;
    passwords?: PasswordLimits;
    guardedClient?: GuardedClient;
    log?: Logger;
    timeouts?: Partial<HttpTimeouts>;
    smtp?: SmtpSettings;
  } = {},
): Promise<TestServer> {
  const database = await createTestDatabase();
  const blobDir = await mkdtemp(path.join(tmpdir(), 'drydock-blobs-'));
  const blobs = options.blobs ?? new FilesystemBlobStore(blobDir);
  const ctx = createTestContext(database.db, { ...options, blobs });
  (await ensureTokenKey(ctx)).copy(ctx.tokenKey);
  const { log } = ctx;
  const metrics = new Metrics();
  const isDraining = (): boolean => false;
  const { trustsProxy } = ctx.settings;
  const timeouts = { ...HTTP_TIMEOUTS, ...options.timeouts };
  const parts = { log, metrics, isDraining, trustsProxy, timeouts };
  const server = createHttpServer(createApp({ ctx, metrics, isDraining }), parts);
  const { port } = await listen(server, 0, '127.0.0.1');
  ctx.publicUrl.listensOn(`http://127.0.0.1:${port}`);
  return {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    port,
    server,
    ctx,
    database,
    blobDir,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      ctx.mailer.close();
      await ctx.activity.stop();
      await closeWorkshops(ctx);
      await database.drop();
      await rm(blobDir, { recursive: true, force: true });
    },
  };
}

/**
 * Creates an account that can act at once, and have any number of private repositories; its password is `<username>pw`,
 * as in the recorded sessions.
 */
export async function addUser(
  server: Pick<TestServer, 'ctx'>,
  username: string,
  options: { isAdmin?: boolean; isActive?: boolean } = {},
): Promise<void> {
  await createUser(server.ctx, OPERATOR_ACTOR, {
    username,
    password: passwordOf(username),
    email: `${username}@example.com`,
    isActive: options.isActive ?? true,
    isAdmin: options.isAdmin ?? false,
    isEmailVerified: true,
  });
  await server.ctx.db('namespaces').where({ name: username }).update({ plan: 'unlimited' });
}

/** The password that `addUser` gives. */
export function passwordOf(username: string): string {
  return `${username}pw`;
}

/** The Authorization header of a user that `addUser` created. */
export function basic(username: string, password = passwordOf(username)): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** What every 401 of the v1 protocol names: the schemes that its routes accept. */
export const CHALLENGE = 'Basic realm="auth required", charset="UTF-8",Token';
