import type { Server } from 'node:http';
import type { TestServer } from '../helpers/test-server';
import { startHosts, type Hosts } from './hosts';

/** Several hosts behind a proxy, for tests of one server. */
function asTestServer(hub: Hosts, blobDir: string, close: () => Promise<void>): TestServer {
  const { url, host, port, ctx, database } = hub;
  // The helpers hand it to supertest, which takes a URL as well.
  const server = url as unknown as Server;
  return { url, host, port, server, ctx, database, blobDir, close };
}

/** Starts three hosts on a bucket. */
export async function startServedHosts(): Promise<TestServer> {
  const hub = await startHosts();
  return asTestServer(hub, '', () => hub.close());
}
