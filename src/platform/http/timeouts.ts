/**
 * How long a stranger may keep the server waiting. A layer may take ten hours to arrive or to be fetched, so there is no
 * limit on the whole of it, only on silence.
 */
export interface HttpTimeouts {
  /** until the head of a request is there */
  readonly headersMs: number;
  /** how often that is looked at */
  readonly headersCheckMs: number;
  /** until a body that is read whole is there */
  readonly smallBodyMs: number;
  /** without one more byte of a body that is read as it comes */
  readonly idleBodyMs: number;
  /** without the client taking one more byte of an answer */
  readonly idleAnswerMs: number;
}

export const HTTP_TIMEOUTS: HttpTimeouts = {
  headersMs: 60_000,
  headersCheckMs: 10_000,
  smallBodyMs: 60_000,
  idleBodyMs: 120_000,
  idleAnswerMs: 300_000,
};
