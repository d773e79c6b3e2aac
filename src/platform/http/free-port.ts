import { createServer } from 'node:http';
import { hasCode } from '../error-code';
import { listen } from './server';

/**
 * Checks that a server can listen on a port, before it starts anything else. Port 0 always can.
 *
 * @throws Error with a sentence when the port is taken; the system's error when listening is not allowed there
 */
export async function assertCanListen(port: number, host: string): Promise<void> {
  const server = createServer();
  try {
    await listen(server, port, host);
  } catch (error) {
    if (!(error instanceof Error) || !hasCode(error.cause, 'EADDRINUSE')) throw error;
    throw new Error(`${error.message}: choose another port with --port or PORT`, { cause: error });
  }
  await new Promise((resolve) => server.close(resolve));
}
