import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

import { readAnswer, type Answer, type Header } from './answer';
import { AnswerReader, BadAnswer, isReset } from './answer-reader';

/*
 * HTTP/1.1 over a bare socket, one connection a request. No HTTP library would send header lines exactly in the order
 * and spelling of an old engine, nor hand over half a body.
 */

export interface Place {
  readonly scheme: 'http' | 'https';
  /** host[:port] */
  readonly host: string;
}

export interface WireRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly Header[];
  /** sent one behind the other */
  readonly body?: readonly Buffer[];
}

export interface Limits {
  /** accept a certificate that no known authority signed */
  readonly insecure: boolean;
  readonly idleMs: number;
  readonly totalMs: number;
  readonly bodyBytes: number;
}

const CRLF = '\r\n';

/** Sends a request and reads its answer. Rejects when there is none: no connection, silence, no HTTP, too much. */
export async function exchange(place: Place, request: WireRequest, limits: Limits): Promise<Answer> {
  const socket = open(place, limits);
  const deadline = setTimeout(() => {
    socket.destroy(new BadAnswer(`no whole answer within ${limits.totalMs / 1000} s`));
  }, limits.totalMs);
  try {
    send(socket, request);
    return await readAnswer(new AnswerReader(socket), request.method, limits.bodyBytes);
  } finally {
    clearTimeout(deadline);
    socket.destroy();
  }
}

function open(place: Place, limits: Limits): Socket {
  const { hostname, port } = new URL(`${place.scheme}://${place.host}`);
  const address = {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (place.scheme === 'https' ? 443 : 80)),
  };
  const tls = {
    ...address,
    rejectUnauthorized: !limits.insecure,
    ...(isIP(address.host) ? {} : { servername: address.host }),
  };
  const socket = place.scheme === 'https' ? connectTls(tls) : connectTcp(address);
  socket.on('error', () => undefined); // the reader reports it
  socket.setNoDelay(true);
  socket.setTimeout(limits.idleMs, () => socket.destroy(new BadAnswer(`no byte for ${limits.idleMs / 1000} s`)));
  return socket;
}

/** A server may answer and close before it has read everything: then the answer counts, not the failed write. */
function send(socket: Socket, { method, target, headers, body = [] }: WireRequest): void {
  const lines = [`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`), '', ''];
  socket.write(lines.join(CRLF), 'latin1');
  for (const part of body) socket.write(part);
}

/** The bytes of a chunked body, cut where the parts are. */
export function chunked(parts: readonly Buffer[]): Buffer[] {
  const framed = parts.flatMap((part) => [Buffer.from(part.length.toString(16) + CRLF), part, Buffer.from(CRLF)]);
  return [Buffer.concat(framed), Buffer.from(`0${CRLF}${CRLF}`)];
}

/** What Go would say about a request that got no answer, as far as that is the same everywhere. */
export function reasonOf(error: unknown): string {
  if (isReset(error)) return 'connection reset by peer';
  const { message, errors } = error as { message?: unknown; errors?: unknown };
  if (Array.isArray(errors)) return errors.map(reasonOf).join('; '); // one for each address of the host
  return typeof message === 'string' ? message : String(error);
}
