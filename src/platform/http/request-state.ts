import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '../errors';
import type { Logger } from '../log/logger';
import type { HttpTimeouts } from './timeouts';

/** What the process keeps for a request while it runs. */
export class RequestState {
  readonly startedAt = process.hrtime.bigint();
  /** The pattern of the matched route, for metrics. */
  route = 'none';
  /** What the log shows instead of the URL, if the URL contains a secret. */
  loggedUrl: string | undefined;
  /** The account that the credentials belong to. */
  userId: number | undefined;
  private ownLog: Logger | undefined;
  private ownSignal: AbortSignal | undefined;

  constructor(
    readonly requestId: string,
    private readonly processLog: Logger,
    readonly timeouts: HttpTimeouts,
    private readonly res: ServerResponse,
  ) {}

  /**
   * Aborted when the client disconnects before it has its whole answer. Created on first use, because most requests
   * never need it.
   */
  get signal(): AbortSignal {
    this.ownSignal ??= goneSignal(this.res);
    return this.ownSignal;
  }

  /** A logger whose lines carry the request's id. Created on first use, because most requests never need it. */
  get log(): Logger {
    this.ownLog ??= this.processLog.child({ requestId: this.requestId });
    return this.ownLog;
  }
}

function goneSignal(res: ServerResponse): AbortSignal {
  const gone = new AbortController();
  const tell = (): void => {
    if (!res.writableFinished) gone.abort(new AppError('invalid', 'The client has gone'));
  };
  if (res.closed || res.req.socket.destroyed) tell();
  else res.once('close', tell);
  return gone.signal;
}

const states = new WeakMap<IncomingMessage | ServerResponse, RequestState>();

/** The form of an acceptable request id from a client; others are replaced. */
const ACCEPTED_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Gives the request its id, which is also in the answer and in every line of the log. */
export function beginRequest(
  req: IncomingMessage,
  res: ServerResponse,
  log: Logger,
  timeouts: HttpTimeouts,
): RequestState {
  const given = req.headers['x-request-id'];
  const requestId = typeof given === 'string' && ACCEPTED_ID.test(given) ? given : randomUUID();
  const state = new RequestState(requestId, log, timeouts, res);
  res.setHeader('X-Request-Id', requestId);
  states.set(req, state);
  states.set(res, state);
  return state;
}

/** Returns the state that `beginRequest` created. */
export function requestState(message: IncomingMessage | ServerResponse): RequestState {
  const state = states.get(message);
  if (state === undefined) throw new Error('the request was not begun');
  return state;
}
