import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../log/logger';

/** What the process keeps of a request while it runs. */
export interface RequestState {
  readonly requestId: string;
  readonly log: Logger;
  readonly startedAt: bigint;
  /** the pattern of the route that took it, for metrics */
  route: string;
}

const states = new WeakMap<ServerResponse, RequestState>();

/** What a request id from outside may look like; others are replaced. */
const ACCEPTED_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Gives the request its id, which is also in the answer and in every line of the log. */
export function beginRequest(req: IncomingMessage, res: ServerResponse, log: Logger): RequestState {
  const given = req.headers['x-request-id'];
  const requestId = typeof given === 'string' && ACCEPTED_ID.test(given) ? given : randomUUID();
  const state = { requestId, log: log.child({ requestId }), startedAt: process.hrtime.bigint(), route: 'none' };
  res.setHeader('X-Request-Id', requestId);
  states.set(res, state);
  return state;
}

/** The state that `beginRequest` made. */
export function requestState(res: ServerResponse): RequestState {
  const state = states.get(res);
  if (state === undefined) throw new Error('the request was not begun');
  return state;
}
