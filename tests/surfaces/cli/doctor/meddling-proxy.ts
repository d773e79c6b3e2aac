import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TestServer } from '../../../helpers/test-server';

/*
 * A proxy between the doctor and Drydock, which records all requests and changes one thing: it imitates the servers
 * with a fault that the doctor has to recognise.
 */

export type Header = readonly [name: string, value: string];

export interface PassingRequest {
  readonly method: string;
  readonly path: string;
  /** in the order and spelling of the wire */
  readonly headers: readonly Header[];
  readonly body: Buffer;
  /** different for any two connections, unlike a port, which the system soon gives to another one */
  readonly connection: number;
}

export interface PassingAnswer {
  readonly status: number;
  readonly headers: readonly Header[];
  readonly body: Buffer;
  /** close the connection after so many bytes of the body */
  readonly cutAfter?: number;
}

export interface Meddling {
  /** answers instead of the server */
  readonly instead?: (request: PassingRequest) => PassingAnswer | undefined;
  readonly request?: (request: PassingRequest) => PassingRequest;
  readonly answer?: (request: PassingRequest, answer: PassingAnswer) => PassingAnswer;
}

export interface MeddlingProxy {
  readonly url: string;
  readonly host: string;
  readonly requests: PassingRequest[];
  close(): Promise<void>;
}

const connections = new WeakMap<Socket, number>();
let lastConnection = 0;

function connectionOf(socket: Socket): number {
  const number = connections.get(socket) ?? (lastConnection += 1);
  connections.set(socket, number);
  return number;
}

function pairs(raw: readonly string[]): Header[] {
  return raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ''] as const] : []));
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The proxy keeps its own connections to the server, whatever the doctor does with those to the proxy. */
function forward(
  server: TestServer,
  agent: Agent,
  { method, path, headers, body }: PassingRequest,
): Promise<PassingAnswer> {
  return new Promise((resolve, reject) => {
    const passedOn = headers.filter(([name]) => !/^connection$/i.test(name));
    const options = { port: server.port, host: '127.0.0.1', method, path, headers: passedOn.flat(), agent };
    const passed = httpRequest(options, (answer) => {
      bodyOf(answer).then((bytes) => {
        resolve({ status: answer.statusCode ?? 0, headers: pairs(answer.rawHeaders), body: bytes });
      }, reject);
    });
    passed.on('error', reject).end(body);
  });
}

/** Frames the answer again, since its body may differ; the length in the answer to a HEAD stays. */
function reply(method: string, { status, headers, body, cutAfter }: PassingAnswer, res: ServerResponse): void {
  const isBodiless = method === 'HEAD' || status === 204;
  const dropped = /^(transfer-encoding|connection|keep-alive)$/i;
  const kept = headers.filter(([name]) => !dropped.test(name) && (isBodiless || !/^content-length$/i.test(name)));
  const length = isBodiless ? [] : ['Content-Length', String(body.length)];
  res.writeHead(status, [...kept.flat(), ...length]);
  if (cutAfter === undefined) res.end(isBodiless ? undefined : body);
  else res.write(body.subarray(0, cutAfter), () => res.socket?.end());
}

/** A proxy on its own port; with `tls` it speaks https. */
export async function startMeddlingProxy(
  server: TestServer,
  meddling: Meddling = {},
  tls?: { key: string; cert: string },
): Promise<MeddlingProxy> {
  const requests: PassingRequest[] = [];
  const agent = new Agent({ keepAlive: true });
  const pass: RequestListener = (req, res) => {
    const passing = async (): Promise<void> => {
      const { method = '', url = '', rawHeaders, socket } = req;
      const connection = connectionOf(socket);
      const seen = { method, path: url, headers: pairs(rawHeaders), body: await bodyOf(req), connection };
      requests.push(seen);
      const sent = meddling.request?.(seen) ?? seen;
      const answer = meddling.instead?.(sent) ?? (await forward(server, agent, sent));
      reply(method, meddling.answer?.(seen, answer) ?? answer, res);
    };
    passing().catch((error: unknown) => res.destroy(error as Error));
  };
  const proxy: Server = tls ? createTlsServer(tls, pass) : createServer(pass);
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return {
    url: `${tls ? 'https' : 'http'}://${host}`,
    host,
    requests,
    close: async () => {
      agent.destroy();
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
