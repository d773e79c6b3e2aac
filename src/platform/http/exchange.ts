import type { IncomingMessage } from 'node:http';
import type { ByteSource } from '../bytes/byte-source';

/** A request as a handler sees it: Node's message and what the router and the guard made of it. */
export interface Exchange<Caller> {
  readonly req: IncomingMessage;
  /** named parts of the path, decoded */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** who asks, as the route's access demands */
  readonly caller: Caller;
  /** aborted when the client goes: whoever works for long hands it on, so that no work goes on for nobody */
  readonly signal: AbortSignal;
}

/** Header values; a list is sent as one line each. */
export type Headers = Readonly<Record<string, string | number | readonly string[]>>;

/**
 * What a handler answers. A string or buffer is sent with its length, unless `isChunked`; a byte source with the length
 * that its headers give.
 */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string | Buffer | ByteSource | undefined;
  readonly isChunked?: boolean;
}

export type Handler<Caller> = (exchange: Exchange<Caller>) => Promise<Reply> | Reply;

/** `value` as JSON. */
export function json(status: number, value: unknown, headers: Headers = {}): Reply {
  return jsonText(status, JSON.stringify(value), headers);
}

/** Text that is JSON already. */
export function jsonText(status: number, body: string | Buffer, headers: Headers = {}): Reply {
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body };
}

/** Nothing but a status and headers. */
export function empty(status: number, headers: Headers = {}): Reply {
  return { status, headers, body: undefined };
}
