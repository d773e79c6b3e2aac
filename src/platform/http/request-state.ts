import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '../errors';
import type { Logger } from '../log/logger';
import type { HttpTimeouts } from './timeouts';

/** What the process keeps of a request while it runs. */
export class RequestState {
  readonly startedAt = process.hrtime.bigint();
  /** the pattern of the route that took it, for metrics */
  route = 'none';
  /** what the log shows instead of the URL, when that has a secret in it */
  loggedUrl: string | undefined;
  private ownLog: Logger | undefined;
  private ownSignal: AbortSignal | undefined;

  constructor(
    readonly requestId: string,
    private readonly processLog: Logger,
    readonly timeouts: HttpTimeouts,
    private readonly res: ServerResponse,
  ) {}

  /** Aborted when the client goes before it has its whole answer. Created when it is used first: most never do. */
  get signal(): AbortSignal {
    this.ownSignal ??= goneSignal(this.res);
    return this.ownSignal;
  }

  /** Writes lines that carry the request's id. Made when it is used first, for most requests never do. */
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

/** What a request id from outside may look like; others are replaced. */
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

/** The state that `beginRequest` made. */
export function requestState(message: IncomingMessage | ServerResponse): RequestState {
  const state = states.get(message);
  if (state === undefined) throw new Error('the request was not begun');
  return state;
}
