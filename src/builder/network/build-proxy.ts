import { once } from 'node:events';
import { chmod, chown, mkdir, rm } from 'node:fs/promises';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import net, { type Socket } from 'node:net';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { addressRule, type AddressRule } from '../../platform/http/address-rules';
import type { BuildUser } from '../sandbox/enclosure';
import { addressWithinReach, OutOfReach } from './reach';

/*
 * The only network of a build that may have one: an HTTP proxy in the builder, behind a socket that is in the enclosure.
 * The rules are kept here, outside of what a step can change. A step has no other route, and no names of hosts.
 */

/** As many connections a build may have. */
const CONNECTIONS = 256;

/** How long a host may take to accept a connection. */
const CONNECT_MS = 30_000;

/** A running proxy. */
export interface BuildProxy {
  /** With the socket in it; the enclosure has it as `/proxy`. */
  readonly folder: string;
  close(): Promise<void>;
}

/** The headers of a request that are for the next host. */
function forwarded({ headers }: IncomingMessage): http.OutgoingHttpHeaders {
  const own = new Set(['connection', 'keep-alive', 'upgrade', 'te', 'trailer']);
  const kept = Object.entries(headers).filter(([name]) => !own.has(name) && !name.startsWith('proxy-'));
  return { ...Object.fromEntries(kept), connection: 'close' };
}

function reasonOf(error: unknown): { status: number; text: string } {
  if (error instanceof OutOfReach) return { status: 403, text: `Builds may not reach this: ${error.message}\n` };
  return { status: 502, text: `The connection failed: ${error instanceof Error ? error.message : String(error)}\n` };
}

type Rules = Parameters<typeof addressWithinReach>[2];

async function forward(request: IncomingMessage, response: ServerResponse, rules: Rules): Promise<void> {
  const url = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : undefined;
  if (url?.protocol !== 'http:') throw new OutOfReach('only URLs of http, and CONNECT');
  const port = Number(url.port === '' ? 80 : url.port);
  const host = await addressWithinReach(url.hostname, port, rules);
  const { method } = request;
  const options = { host, port, method, path: url.pathname + url.search, headers: forwarded(request), agent: false };
  const asked = http.request({ ...options, timeout: CONNECT_MS });
  asked.once('timeout', () => asked.destroy(new Error('no answer')));
  response.once('close', () => asked.destroy());
  request.pipe(asked);
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  response.writeHead(answer.statusCode ?? 502, { ...answer.headers, connection: 'close' });
  answer.on('error', () => response.destroy()).pipe(response);
}

/** @param keep - destroys the connection with the proxy */
async function tunnel(
  request: IncomingMessage,
  { client, head }: { readonly client: Duplex; readonly head: Buffer },
  rules: Rules,
  keep: (stream: Socket) => Socket,
): Promise<void> {
  const [, host = '', port = ''] = /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(request.url ?? '') ?? [];
  const address = await addressWithinReach(host, Number(port), rules);
  const remote = keep(net.connect({ host: address, port: Number(port), timeout: CONNECT_MS }));
  remote.once('timeout', () => remote.destroy(new Error('no answer')));
  await once(remote, 'connect');
  remote.setTimeout(0);
  client.write('HTTP/1.1 200 Connection established\r\n\r\n');
  remote.write(head);
  client.pipe(remote).pipe(client);
  client.once('close', () => remote.destroy());
  remote.once('close', () => client.destroy());
}

/**
 * Starts the proxy of a build.
 *
 * @param parent - the folder of the build, for the folder with the socket
 * @param listed - what the operator allows of internal networks
 */
export async function startBuildProxy(
  parent: string,
  user: BuildUser | undefined,
  listed: AddressRule,
): Promise<BuildProxy> {
  const rules = { listed, internet: addressRule([]) };
  const open = new Set<Duplex>();
  const keep = <Stream extends Duplex>(stream: Stream): Stream => {
    open.add(stream);
    stream.once('close', () => open.delete(stream)).on('error', () => stream.destroy());
    return stream;
  };

  const server = http.createServer((request, response) => {
    forward(request, response, rules).catch((error: unknown) => {
      const { status, text } = reasonOf(error);
      if (response.headersSent) response.destroy();
      else response.writeHead(status, { 'Content-Type': 'text/plain', Connection: 'close' }).end(text);
    });
  });
  server.on('connection', keep);
  server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    tunnel(request, { client, head }, rules, keep).catch((error: unknown) => {
      const { status, text } = reasonOf(error);
      client.end(`HTTP/1.1 ${status} ${text.trim().replace(/[^\x20-\x7e]/g, '?')}\r\nConnection: close\r\n\r\n`);
    });
  });
  server.maxConnections = CONNECTIONS;
  const folder = path.join(parent, 'proxy');
  const socket = path.join(folder, 'socket');
  await mkdir(folder, { mode: 0o711 });
  await once(server.listen(socket), 'listening');
  await chmod(socket, 0o600);
  if (user !== undefined) for (const each of [folder, socket]) await chown(each, user.uid, user.gid);
  return {
    folder,
    close: async () => {
      for (const stream of open) stream.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
