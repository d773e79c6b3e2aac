import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../log/logger';
import { json, type Headers, type Reply } from './exchange';
import { requestState } from './request-state';
import { send } from './send';

/** Turns a thrown value into a reply in the format of the surface and route. */
export type ErrorReply = (error: unknown, context: ErrorContext) => Reply;

/** The request that failed. */
export interface ErrorContext {
  readonly requestId: string;
  readonly log: Logger;
  readonly path: string;
  readonly req: IncomingMessage;
}

/** For what nobody foresaw: the cause goes to the log, not outside. */
export const internalErrorReply: ErrorReply = (error, { requestId, log }) => {
  log.error({ err: error }, 'request failed');
  return json(500, { error: 'Internal server error', request_id: requestId });
};

interface Answering {
  readonly createReply: () => Promise<Reply>;
  readonly errorReply: ErrorReply;
  readonly path: string;
  readonly headers: (reply: Reply) => Headers;
}

/**
 * Computes the reply and sends it; never throws. Once the headers are sent nothing may be appended, least of all an
 * error to a layer: then the socket is destroyed instead.
 */
export async function answer(
  res: ServerResponse,
  { createReply, errorReply, path, headers }: Answering,
): Promise<void> {
  const state = requestState(res);
  let reply: Reply;
  try {
    reply = await createReply();
  } catch (error) {
    reply = errorReply(error, { requestId: state.requestId, log: state.log, path, req: res.req });
  }
  try {
    await send(res, { ...reply, headers: { ...headers(reply), ...reply.headers } });
  } catch (error) {
    state.log.warn({ err: error }, 'the response was cut off');
    res.destroy();
  }
}
