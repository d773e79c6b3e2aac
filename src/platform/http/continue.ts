import type { IncomingMessage, ServerResponse } from 'node:http';

/*
 * `Expect: 100-continue`: the client sends its body only after the server has said that it will read it. Node says so
 * at once. Here the first read says so, so that a refusal arrives before a layer is sent.
 */

const waiting = new WeakMap<IncomingMessage, ServerResponse>();

/** Notes that the client waits for permission to send its body. */
export function awaitsContinue(req: IncomingMessage, res: ServerResponse): void {
  waiting.set(req, res);
}

/** Whether the client is still waiting, and so has sent nothing of its body. */
export function isWaitingToSend(req: IncomingMessage): boolean {
  return waiting.has(req);
}

/** Lets the client send its body, if it waits for that. */
export function letBodyCome(req: IncomingMessage): void {
  const res = waiting.get(req);
  if (res === undefined) return;
  waiting.delete(req);
  if (!res.headersSent) res.writeContinue();
}
