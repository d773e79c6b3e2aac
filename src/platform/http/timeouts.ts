/**
 * How long a client may keep the server waiting. A layer may take ten hours to upload or download, so only silence is
 * limited, not the whole transfer.
 */
export interface HttpTimeouts {
  /** The time until the head of a request has arrived. */
  readonly headersMs: number;
  /** The interval at which that is checked. */
  readonly headersCheckMs: number;
  /** The time until a body that is read whole has arrived. */
  readonly smallBodyMs: number;
  /** The time without another byte of a body that is read as it arrives. */
  readonly idleBodyMs: number;
  /** The time without the client accepting another byte of an answer. */
  readonly idleAnswerMs: number;
}

export const HTTP_TIMEOUTS: HttpTimeouts = {
  headersMs: 60_000,
  headersCheckMs: 10_000,
  smallBodyMs: 60_000,
  idleBodyMs: 120_000,
  idleAnswerMs: 300_000,
};
