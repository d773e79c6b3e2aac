import type { ServerResponse } from 'node:http';
import type { Logger } from '../log/logger';
import type { Headers, Reply } from './exchange';
import { requestState } from './request-state';
import { send } from './send';

/** Turns a thrown value into a reply in the format of the surface and route. */
export type ErrorReply = (error: unknown, context: { requestId: string; log: Logger; path: string }) => Reply;

interface Answering {
  readonly make: () => Promise<Reply>;
  readonly errorReply: ErrorReply;
  readonly path: string;
  readonly headers: (reply: Reply) => Headers;
}

/**
 * Computes the reply and sends it; never throws. Once the headers are sent nothing may be appended, least of all an
 * error to a layer: then the socket is destroyed instead.
 */
export async function answer(res: ServerResponse, { make, errorReply, path, headers }: Answering): Promise<void> {
  const state = requestState(res);
  let reply: Reply;
  try {
    reply = await make();
  } catch (error) {
    reply = errorReply(error, { requestId: state.requestId, log: state.log, path });
  }
  try {
    await send(res, { ...reply, headers: { ...headers(reply), ...reply.headers } });
  } catch (error) {
    state.log.warn({ err: error }, 'the answer broke off');
    res.destroy();
  }
}
