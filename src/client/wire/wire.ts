import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

import { readAnswer, readHead, type Answer, type Header, type StreamedAnswer } from './answer';
import { AnswerReader, BadAnswer, isReset } from './answer-reader';

/*
 * HTTP/1.1 over a bare socket, one connection a request. HTTP libraries do not send header lines exactly in the order
 * and spelling of an old engine, and do not return half of a body.
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
  /** sent piece by piece, as it is: the headers say how it is framed */
  readonly body?: readonly Buffer[] | AsyncIterable<Buffer>;
}

export interface Limits {
  /** accept a certificate that no known authority signed */
  readonly insecure: boolean;
  readonly idleMs: number;
  readonly totalMs: number;
  readonly bodyBytes: number;
}

const CRLF = '\r\n';

/**
 * Sends a request and reads its answer. Rejects when there is no valid answer: no connection, silence, not HTTP, or too
 * long.
 */
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

/** An answer whose body has not been read yet. */
export interface OpenExchange extends StreamedAnswer {
  /** Closes the connection; bytes that have not been read by then are lost. */
  readonly close: () => void;
}

/**
 * Sends a request with a body of any length, and reads the head of its answer. Rejects as `exchange` does, and when
 * reading the request body fails. The caller has to close it.
 */
export async function openExchange(
  place: Place,
  request: WireRequest,
  limits: Pick<Limits, 'insecure' | 'idleMs'>,
): Promise<OpenExchange> {
  const socket = open(place, limits);
  try {
    send(socket, request);
    const answer = await readHead(new AnswerReader(socket), request.method);
    return { ...answer, close: () => void socket.destroy() };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function open(place: Place, limits: Pick<Limits, 'insecure' | 'idleMs'>): Socket {
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

/** If a server answers and closes before it has read everything, the answer counts, not the failed write. */
function send(socket: Socket, { method, target, headers, body = [] }: WireRequest): void {
  const lines = [`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`), '', ''];
  socket.write(lines.join(CRLF), 'latin1');
  if (Array.isArray(body)) for (const part of body as readonly Buffer[]) socket.write(part);
  else void sendStream(socket, body as AsyncIterable<Buffer>);
}

async function sendStream(socket: Socket, body: AsyncIterable<Buffer>): Promise<void> {
  try {
    for await (const part of body) {
      if (socket.destroyed) return;
      if (!socket.write(part)) await drained(socket);
    }
  } catch (error) {
    socket.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

/** Resolves when the socket accepts more, or when it never will. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}

/** The chunks of a chunked body. */
export function chunked(parts: readonly Buffer[]): Buffer[] {
  const framed = parts.flatMap((part) => [Buffer.from(part.length.toString(16) + CRLF), part, Buffer.from(CRLF)]);
  return [Buffer.concat(framed), Buffer.from(`0${CRLF}${CRLF}`)];
}

/** A chunked body of these parts, as they arrive. */
export async function* chunkedStream(parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  for await (const part of parts) {
    if (part.length === 0) continue; // it would end the body
    yield Buffer.from(part.length.toString(16) + CRLF);
    yield part;
    yield Buffer.from(CRLF);
  }
  yield Buffer.from(`0${CRLF}${CRLF}`);
}

/** The message of Go for a request that got no answer, without the parts that differ between machines. */
export function reasonOf(error: unknown): string {
  if (isReset(error)) return 'connection reset by peer';
  const { message, errors } = error as { message?: unknown; errors?: unknown };
  if (Array.isArray(errors)) return errors.map(reasonOf).join('; '); // one for each address of the host
  return typeof message === 'string' ? message : String(error);
}
