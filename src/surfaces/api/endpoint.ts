import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import type { Context } from '../../context';
import type { Scope } from '../../features/oauth/scopes';
import type { ByteSource } from '../../platform/bytes/byte-source';
import type { ErrorCode } from '../../platform/errors';
import type { Headers } from '../../platform/http/exchange';
import type { Method } from '../../platform/http/route';
import type { Access, Callers } from './access';

/*
 * An endpoint is a row of data. Its schemas are the single source of three things: which requests are accepted, the
 * types that the handler sees, and the OpenAPI document.
 */

/** An answer that is not an error. */
export interface ResponseSpec {
  readonly description: string;
  /** undefined: there is no body */
  readonly body?: z.ZodType;
  /** descriptions of the headers that only this answer has, by name */
  readonly headers?: Readonly<Record<string, string>>;
  /** undefined: JSON; with another type, the body is text */
  readonly mediaType?: string;
}

export type Responses = Readonly<Record<number, ResponseSpec>>;

/** The replies that a handler may return: one of the statuses of the row, with its body, or a source of its bytes. */
export type TypedReply<R extends Responses> = {
  [S in keyof R & number]: { readonly status: S; readonly headers?: Headers } & (R[S] extends {
    body: infer B extends z.ZodType;
  }
    ? { readonly body: z.input<B> | ByteSource }
    : { readonly body?: undefined });
}[keyof R & number];

/** A request that has passed the guard and the schemas. */
export interface Input<Caller, P, Q, B> {
  readonly caller: Caller;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly req: IncomingMessage;
  /** aborted when the client disconnects; long work has to pass it on */
  readonly signal: AbortSignal;
  /**
   * Compares the request's `If-Match` with the current state, given as this endpoint would answer it. Call it where
   * nobody else can change that state: in the transaction of the change.
   *
   * @throws AppError `stale`; `unconditional` if the row requires the header
   */
  readonly assertCurrent: (body: unknown) => void;
}

/** The parts of a row that do not depend on its types. */
interface EndpointFacts {
  readonly method: Method;
  /** in Express' syntax, with the slash at its end that the Hub's API had; the path without the slash is the same */
  readonly path: string;
  /** the group of the endpoint in the document */
  readonly tag: string;
  /** the name that a generated client gives the operation; it never changes */
  readonly id: string;
  /** one line, in the imperative */
  readonly summary: string;
  readonly description?: string;
  /** the scope that an OAuth token needs; undefined: an OAuth token is never enough */
  readonly scope?: Scope;
  /** it changes how the account logs in: an access token is not enough */
  readonly requiresPasswordLogin?: true;
  /** the errors that do not follow from access and schemas */
  readonly errors?: readonly ErrorCode[];
  /** for errors to which the documentation of the time gives another status */
  readonly statuses?: Readonly<Partial<Record<ErrorCode, number>>>;
  /** GET: send an ETag. Others: check `If-Match`, or require it. */
  readonly etag?: 'sent' | 'heeded' | 'required';
  /**
   * The fields of the body that the ETag covers, if other fields change by themselves: a count that changes must not
   * make every change of a setting stale. Such a body is always sent whole. undefined: all fields.
   */
  readonly versionedBy?: readonly string[];
  /** undefined: 64 KiB */
  readonly bodyBytes?: number;
  /** the answer to an error for which another standard has its own format; undefined: a problem, as for other errors */
  readonly refusal?: (error: unknown) => AnyReply | undefined;
  /** undefined: JSON */
  readonly bodyTypes?: readonly ('json' | 'form')[];
}

type Schema = z.ZodType;

export interface EndpointSpec<
  A extends Access,
  P extends Schema,
  Q extends Schema,
  B extends Schema,
  R extends Responses,
> extends EndpointFacts {
  readonly access: A;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly responses: R;
  readonly handle: (
    ctx: Context,
    input: Input<Callers[A], z.output<P>, z.output<Q>, z.output<B>>,
  ) => Promise<TypedReply<R>>;
}

/** Any reply of any endpoint. */
export interface AnyReply {
  readonly status: number;
  readonly headers?: Headers;
  readonly body?: unknown;
}

/** An endpoint without the types of its handler. */
export interface Endpoint extends EndpointFacts {
  readonly access: Access;
  readonly params?: Schema;
  readonly query?: Schema;
  readonly body?: Schema;
  readonly responses: Responses;
  readonly handle: (ctx: Context, input: Input<Callers[Access], unknown, unknown, unknown>) => Promise<AnyReply>;
}

/** Creates a row: the types of the handler follow from its schemas. */
export function endpoint<
  const A extends Access,
  const R extends Responses,
  P extends Schema = z.ZodUndefined,
  Q extends Schema = z.ZodUndefined,
  B extends Schema = z.ZodUndefined,
>(spec: EndpointSpec<A, P, Q, B, R>): Endpoint {
  // The handler gets exactly what the guard of `access` and the schemas return.
  return spec as unknown as Endpoint;
}

/** A handler's reply, with its status as a literal type. */
export function reply<const S extends number>(status: S): { status: S };
export function reply<const S extends number, B>(
  status: S,
  body: B,
  headers?: Headers,
): { status: S; body: B; headers: Headers };
export function reply(status: number, body?: unknown, headers: Headers = {}): AnyReply {
  return { status, headers, ...(body === undefined ? {} : { body }) };
}
