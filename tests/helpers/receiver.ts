import { once } from 'node:events';
import http, { type IncomingHttpHeaders, type IncomingMessage, type RequestListener } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from './self-signed-certificate';

/** A request that arrived. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a receiver answers, or how it answers by itself. */
export type Answer = { status: number; headers?: Record<string, string>; body?: string } | RequestListener;

/** A server of another site. */
export interface Receiver {
  readonly url: string;
  readonly port: number;
  /** in the order of arrival */
  readonly received: Received[];
  close(): Promise<void>;
}

async function wholeBody(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/**
 * Starts one on 127.0.0.1.
 *
 * @param answerTo - decides by the request and by how many came before it
 */
export async function startReceiver(
  answerTo: (request: Received, before: number) => Answer = () => ({ status: 200, body: 'thanks' }),
  options: { certificate?: Certificate; host?: string } = {},
): Promise<Receiver> {
  const { certificate, host = '127.0.0.1' } = options;
  const received: Received[] = [];
  const handle = async (...[req, res]: Parameters<RequestListener>): Promise<void> => {
    const request = { method: req.method!, path: req.url!, headers: req.headers, body: await wholeBody(req) };
    received.push(request);
    const answer = answerTo(request, received.length - 1);
    if (typeof answer === 'function') answer(req, res);
    else res.writeHead(answer.status, answer.headers).end(answer.body);
  };
  const listener: RequestListener = (req, res) => void handle(req, res);
  const server = certificate === undefined ? http.createServer(listener) : https.createServer(certificate, listener);
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `${certificate === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    received,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
