import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import type { Context } from '../../context';
import type { Scope } from '../../features/oauth/scopes';
import type { ErrorCode } from '../../platform/errors';
import type { Headers } from '../../platform/http/exchange';
import type { Method } from '../../platform/http/route';
import type { Access, Callers } from './access';

/*
 * An endpoint is a row of data, and its schemas are the one source of three things: what is let in, the types that the
 * handler sees, and the OpenAPI document.
 */

/** An answer that is no error. */
export interface ResponseSpec {
  readonly description: string;
  /** undefined: there is no body */
  readonly body?: z.ZodType;
  /** of headers beside the usual ones: what they say */
  readonly headers?: Readonly<Record<string, string>>;
  /** undefined: JSON; with another type, the body is text */
  readonly mediaType?: string;
}

export type Responses = Readonly<Record<number, ResponseSpec>>;

/** What the handler may answer: one of the statuses of the row, with the body that goes with it. */
export type TypedReply<R extends Responses> = {
  [S in keyof R & number]: { readonly status: S; readonly headers?: Headers } & (R[S] extends {
    body: infer B extends z.ZodType;
  }
    ? { readonly body: z.input<B> }
    : { readonly body?: undefined });
}[keyof R & number];

/** A request that has passed the guard and the schemas. */
export interface Input<Caller, P, Q, B> {
  readonly caller: Caller;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly req: IncomingMessage;
  /** aborted when the client goes: whoever works for long hands it on */
  readonly signal: AbortSignal;
  /**
   * Holds the request's `If-Match` against what is there now, given as this endpoint would answer it. Call it where
   * nobody can change it any more: in the transaction of the change.
   *
   * @throws AppError `stale`; `unconditional` when the row requires the header
   */
  readonly assertCurrent: (body: unknown) => void;
}

/** What every row says, whatever its types. */
interface EndpointFacts {
  readonly method: Method;
  /** in Express' syntax, with the slash at its end that the Hub's API had; without it is the same path */
  readonly path: string;
  /** by which the document groups the endpoints */
  readonly tag: string;
  /** one line, in the imperative */
  readonly summary: string;
  readonly description?: string;
  /** what an OAuth token must allow; undefined: no OAuth token is enough */
  readonly scope?: Scope;
  /** it changes how one logs in: an access token is not enough */
  readonly requiresPasswordLogin?: true;
  /** what else can go wrong, beside what follows from access and schemas */
  readonly errors?: readonly ErrorCode[];
  /** where the era's documentation has another status for an error */
  readonly statuses?: Readonly<Partial<Record<ErrorCode, number>>>;
  /** GET: send an ETag. Others: heed `If-Match`, or insist on it. */
  readonly etag?: 'sent' | 'heeded' | 'required';
  /**
   * The fields of the body that the ETag is about, where others change by themselves: counts must not make each change
   * of a setting come too late. Such a body is always sent whole. undefined: all of it.
   */
  readonly versionedBy?: readonly string[];
  /** undefined: 64 KiB */
  readonly bodyBytes?: number;
  /** where another standard has its own way to say what went wrong; undefined: this error is a problem as all others */
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

/** An endpoint whose types have done their work. */
export interface Endpoint extends EndpointFacts {
  readonly access: Access;
  readonly params?: Schema;
  readonly query?: Schema;
  readonly body?: Schema;
  readonly responses: Responses;
  readonly handle: (ctx: Context, input: Input<Callers[Access], unknown, unknown, unknown>) => Promise<AnyReply>;
}

/** Makes a row: the types of the handler follow from its schemas. */
export function endpoint<
  const A extends Access,
  const R extends Responses,
  P extends Schema = z.ZodUndefined,
  Q extends Schema = z.ZodUndefined,
  B extends Schema = z.ZodUndefined,
>(spec: EndpointSpec<A, P, Q, B, R>): Endpoint {
  // The framework hands the handler what the guard of `access` and the schemas made.
  return spec as unknown as Endpoint;
}

/** A handler's reply, with the status as a type of its own. */
export function reply<const S extends number>(status: S): { status: S };
export function reply<const S extends number, B>(
  status: S,
  body: B,
  headers?: Headers,
): { status: S; body: B; headers: Headers };
export function reply(status: number, body?: unknown, headers: Headers = {}): AnyReply {
  return { status, headers, ...(body === undefined ? {} : { body }) };
}
