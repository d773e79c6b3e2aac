import type { HubState } from './hub-state';
import type { RecordedAnswer } from './parse-trace';
import type { RawAnswer, RawRequest } from './raw-client';

/** A request of an engine, and what came back. */
export interface Exchange {
  /** as it was sent */
  readonly request: RawRequest;
  /** the groups of the row's path */
  readonly params: readonly [string, string];
  readonly answer: RawAnswer;
  /** The answer of the recording server: enough for the engine, but not a model. */
  readonly recorded: RecordedAnswer;
  /** before this request */
  readonly state: HubState;
  /** `host:port` of the server */
  readonly host: string;
}

/** What the engines need from one kind of request, and what the request tells the Hub. */
export interface Row {
  readonly method: RegExp;
  readonly path: RegExp;
  /** A description for the reader of a failure. */
  readonly needs: string;
  readonly expects: (exchange: Exchange) => void;
  readonly learns?: (exchange: Exchange) => void;
}

/** A row; method and path are patterns that the whole of both must match. */
export function row(method: string, path: string, parts: Omit<Row, 'method' | 'path'>): Row {
  return { method: new RegExp(`^${method}$`), path: new RegExp(`^${path}$`), ...parts };
}

/** Byte for byte, so that nothing is lost in a comparison. */
export function bodyText({ body }: { body: Buffer }): string {
  return body.toString('latin1');
}

export function readJson(body: Buffer): unknown {
  return JSON.parse(body.toString()) as unknown;
}
