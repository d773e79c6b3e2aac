import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { AppError } from '../../../src/platform/errors';
import { answer } from '../../../src/platform/http/answer';
import { json, type Reply } from '../../../src/platform/http/exchange';
import { trustsNobody } from '../../../src/platform/http/client-address';
import { createHttpServer, drain, listen } from '../../../src/platform/http/server';
import { HTTP_TIMEOUTS, type HttpTimeouts } from '../../../src/platform/http/timeouts';
import { createLogger } from '../../../src/platform/log/logger';
import { Metrics } from '../../../src/platform/metrics/metrics';

/** A server with the given handler as its only one; an AppError becomes a 400 with its code. */
export async function serve(
  handle: (req: IncomingMessage) => Promise<Reply> | Reply,
  timeouts: Partial<HttpTimeouts> = {},
): Promise<{
  port: number;
  close: () => Promise<void>;
}> {
  const errorReply = (error: unknown): Reply =>
    error instanceof AppError ? json(400, error.code) : json(500, String(error));
  const server = createHttpServer(
    (req, res) => {
      const createReply = async (): Promise<Reply> => handle(req);
      void answer(res, { createReply, errorReply, path: req.url ?? '', headers: () => ({}) });
    },
    {
      log: createLogger('fatal'),
      metrics: new Metrics(),
      isDraining: () => false,
      trustsProxy: trustsNobody,
      timeouts: { ...HTTP_TIMEOUTS, ...timeouts },
    },
  );
  const { port } = await listen(server, 0, '127.0.0.1');
  return {
    port,
    close: async () => {
      server.closeAllConnections();
      await drain(server, 100, new AbortController().signal);
    },
  };
}

/** A connection that collects the answer. */
export class Connection {
  readonly socket: Socket;
  private received = '';
  private isOver = false;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk) => (this.received += chunk.toString('latin1')));
    this.socket.on('error', () => undefined); // noticed as the end
    this.socket.on('close', () => (this.isOver = true));
  }

  /** Resolves to everything received once it contains `text`. */
  async until(text: string): Promise<string> {
    while (!this.received.includes(text)) {
      if (this.isOver) throw new Error(`the connection ended before ${JSON.stringify(text)}: ${this.received}`);
      await new Promise((resolve) => {
        this.socket.once('data', resolve);
        this.socket.once('close', resolve);
      });
    }
    return this.received;
  }

  /** Resolves to everything received until the other side ended. */
  async all(): Promise<string> {
    if (!this.isOver) await new Promise((resolve) => this.socket.once('close', resolve));
    return this.received;
  }
}
