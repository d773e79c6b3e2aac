import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server as PlainServer,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { hasCode } from '../error-code';
import type { Logger } from '../log/logger';
import type { Metrics } from '../metrics/metrics';
import { answer } from './answer';
import { clientAddress, type TrustsProxy } from './client-address';
import { awaitsContinue } from './continue';
import { json } from './exchange';
import { hasBadHost } from './host';
import { beginRequest, type RequestState } from './request-state';
import { HTTP_TIMEOUTS, type HttpTimeouts } from './timeouts';

const KEEP_ALIVE_MS = 65_000;

/** The limit for the whole head: the URL and all headers. A token takes about 300 bytes. */
const HEAD_BYTES = 16 * 1024;
const HEADERS = 2000;

/** How long a client may take to read why it was refused. */
const REFUSAL_MS = 5000;

/** The bytes of a kept connection that belong to earlier requests. */
const counted = new WeakMap<Socket, { read: number; written: number }>();

function bytesOf(socket: Socket): { receivedBytes: number; sentBytes: number } {
  const before = counted.get(socket) ?? { read: 0, written: 0 };
  counted.set(socket, { read: socket.bytesRead, written: socket.bytesWritten });
  return { receivedBytes: socket.bytesRead - before.read, sentBytes: socket.bytesWritten - before.written };
}

interface RequestInHand {
  readonly state: RequestState;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Kept from the beginning: Node removes it from a request whose body was not read to its end. */
  readonly socket: Socket;
  readonly address: string;
}

/** The requests that each listener is handling. */
const inFlight = new WeakMap<HttpServer, Set<RequestInHand>>();

function finish({ req, res, state, socket, address }: RequestInHand, { metrics, log }: ServerParts): void {
  const seconds = Number(process.hrtime.bigint() - state.startedAt) / 1e9;
  const method = req.method ?? '';
  const status = res.headersSent ? res.statusCode : 499;
  const bytes = bytesOf(socket);
  metrics.observe({ method, route: state.route, status, seconds, ...bytes });
  const ms = Math.round(seconds * 1000);
  const { requestId, userId, loggedUrl } = state;
  const line = { requestId, method, url: loggedUrl ?? req.url, status, ms, ...bytes, address, userId };
  const isComplete = res.writableFinished;
  log.info({ ...line, userAgent: req.headers['user-agent'], ...(isComplete ? {} : { aborted: true }) }, 'request');
}

const REFUSALS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** What Node's parser refuses never becomes a request; it still gets an answer in JSON. */
function refuse(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const status = REFUSALS[error.code ?? ''] ?? '400 Bad Request';
  const body = JSON.stringify({ error: status.slice(4) });
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  // The other half of the connection stays open for as long as the client likes.
  setTimeout(() => socket.destroy(), REFUSAL_MS).unref();
}

/** Runs before anything reads the request: a value that cannot be a host must not come back in a header or a link. */
function refuseHost(req: IncomingMessage, res: ServerResponse): Promise<void> {
  return answer(res, {
    createReply: () =>
      Promise.resolve(json(400, { error: 'The request must have one Host header: a host, or host:port' })),
    errorReply: () => json(500, { error: 'Internal server error' }),
    path: req.url ?? '',
    headers: () => ({ 'X-Content-Type-Options': 'nosniff' }),
  });
}

/** A listener for http or https. */
export type HttpServer = PlainServer | TlsServer;

/** Node's options for https: the certificate and the protocol versions. */
export type TlsOptions = Pick<ServerOptions, 'cert' | 'key' | 'minVersion' | 'ciphers'>;

/** What a server needs in addition to its handler. */
export interface ServerParts {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Once this returns true, clients are asked to close their connections. */
  readonly isDraining: () => boolean;
  readonly trustsProxy: TrustsProxy;
  /** Undefined: the usual timeouts. */
  readonly timeouts?: HttpTimeouts;
}

/**
 * Creates the server that gives every request an id, a line in the log and a place in the metrics.
 *
 * @param tls - undefined: plain http
 */
export function createHttpServer(listener: RequestListener, parts: ServerParts): PlainServer;
export function createHttpServer(
  listener: RequestListener,
  parts: ServerParts,
  tls: TlsOptions | undefined,
): HttpServer;
export function createHttpServer(listener: RequestListener, parts: ServerParts, tls?: TlsOptions): HttpServer {
  const { log, isDraining, trustsProxy, timeouts = HTTP_TIMEOUTS } = parts;
  const requests = new Set<RequestInHand>();
  const answerRequest: RequestListener = (req, res) => {
    const state = beginRequest(req, res, log, timeouts);
    if (isDraining()) res.setHeader('Connection', 'close');
    const { socket } = req;
    const address = clientAddress(req, trustsProxy);
    const request = { req, res, state, socket, address };
    requests.add(request);
    res.once('close', () => {
      requests.delete(request);
      finish(request, parts);
    });
    if (hasBadHost(req)) void refuseHost(req, res);
    else listener(req, res);
  };
  const options = { maxHeaderSize: HEAD_BYTES, connectionsCheckingInterval: timeouts.headersCheckMs };
  const server =
    tls === undefined ? createServer(options, answerRequest) : createTlsServer({ ...options, ...tls }, answerRequest);
  // A layer may take hours to arrive: the head of a request and silence have a limit, the whole request has none.
  server.requestTimeout = 0;
  server.headersTimeout = timeouts.headersMs;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.maxHeadersCount = HEADERS;
  server.on('clientError', refuse);
  inFlight.set(server, requests);
  // The body is requested when it is first read, so that a client that is refused need not send a layer first.
  server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
    awaitsContinue(req, res);
    answerRequest(req, res);
  });
  return server;
}

/**
 * Begins to listen; resolves to the address with the actual port.
 *
 * @throws Error with a sentence when the port is not free
 */
export async function listen(server: HttpServer, port: number, host: string): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const isTaken = hasCode(error, 'EADDRINUSE');
      reject(isTaken ? new Error(`another program is already listening on ${host}:${port}`, { cause: error }) : error);
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      resolve(server.address() as AddressInfo);
    });
  });
}

/** A request that was cut off, for the log. */
export interface CutRequest {
  readonly requestId: string;
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly address: string;
}

/**
 * Stops listening and waits for the requests in flight; those that take longer are cut off, so that their clients see a
 * broken connection and not half an answer that looks complete.
 *
 * @param hurry - cuts them off at once
 * @returns the requests that were cut off
 */
export async function drain(server: HttpServer, timeoutMs: number, hurry: AbortSignal): Promise<CutRequest[]> {
  let cut: CutRequest[] = [];
  const cutOff = (): void => {
    cut = [...(inFlight.get(server) ?? [])].map(({ req: { method, url }, state, address }) => {
      return { requestId: state.requestId, method, url: state.loggedUrl ?? url, address };
    });
    server.closeAllConnections();
  };
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  // A connection whose request has just ended is idle only now, and its client may keep it open for a minute.
  const idle = setInterval(() => server.closeIdleConnections(), 100);
  const timer = setTimeout(cutOff, timeoutMs);
  if (hurry.aborted) cutOff();
  hurry.addEventListener('abort', cutOff);
  await closed;
  hurry.removeEventListener('abort', cutOff);
  clearInterval(idle);
  clearTimeout(timer);
  return cut;
}
