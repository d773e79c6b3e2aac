import type { Server } from 'node:http';
import { createApp } from '../../src/app';
import { openDb } from '../../src/platform/db/db';
import { createHttpServer, listen } from '../../src/platform/http/server';
import { PasswordChecker } from '../../src/platform/passwords/password-checker';
import { Metrics } from '../../src/platform/metrics/metrics';
import { createContext } from '../../src/create-context';
import type { TestServer } from './test-server';

/** Another server on the same database and folder, with a pool and an app of its own, as a second process would be. */
export async function startSibling(server: TestServer): Promise<{ server: Server; close: () => Promise<void> }> {
  const passwords = new PasswordChecker({ cost: 4, running: 4, waiting: 1000 });
  const ctx = createContext({ ...server.ctx, db: openDb(server.database.connection), passwords });
  const metrics = new Metrics();
  const isDraining = (): boolean => false;
  const sibling = createHttpServer(createApp({ ctx, metrics, isDraining }), {
    log: ctx.log,
    metrics,
    isDraining,
    trustsProxy: ctx.settings.trustsProxy,
  });
  await listen(sibling, 0, '127.0.0.1');
  return {
    server: sibling,
    close: async () => {
      sibling.closeAllConnections();
      await new Promise((resolve) => sibling.close(resolve));
      await ctx.activity.stop();
      await ctx.db.destroy();
    },
  };
}
