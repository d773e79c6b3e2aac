import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../log/logger';
import type { HttpTimeouts } from './timeouts';

/** What the process keeps of a request while it runs. */
export interface RequestState {
  readonly requestId: string;
  readonly log: Logger;
  readonly startedAt: bigint;
  readonly timeouts: HttpTimeouts;
  /** the pattern of the route that took it, for metrics */
  route: string;
  /** what the log shows instead of the URL, when that has a secret in it */
  loggedUrl?: string;
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
  const startedAt = process.hrtime.bigint();
  const state: RequestState = { requestId, log: log.child({ requestId }), startedAt, timeouts, route: 'none' };
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
