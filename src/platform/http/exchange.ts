import type { IncomingMessage } from 'node:http';
import type { ByteSource } from '../bytes/byte-source';

/** A request as a handler sees it: Node's message with the results of the router and the guard. */
export interface Exchange<Caller> {
  readonly req: IncomingMessage;
  /** The named parts of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The caller, as the route's access requires. */
  readonly caller: Caller;
  /** Aborted when the client disconnects. Long work must pass it on, so that no work continues for nobody. */
  readonly signal: AbortSignal;
}

/** Header values; a list is sent as one line each. */
export type Headers = Readonly<Record<string, string | number | readonly string[]>>;

/**
 * The answer of a handler. A string or buffer is sent with its length, unless `isChunked`; a byte source is sent with
 * the length that its headers state.
 */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string | Buffer | ByteSource | undefined;
  readonly isChunked?: boolean;
}

export type Handler<Caller> = (exchange: Exchange<Caller>) => Promise<Reply> | Reply;

/** Encodes `value` as JSON. */
export function json(status: number, value: unknown, headers: Headers = {}): Reply {
  return jsonText(status, JSON.stringify(value), headers);
}

/** Text that is already JSON. */
export function jsonText(status: number, body: string | Buffer, headers: Headers = {}): Reply {
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body };
}

/** A status and headers without a body. */
export function empty(status: number, headers: Headers = {}): Reply {
  return { status, headers, body: undefined };
}
