import type { IncomingMessage, ServerResponse } from 'node:http';

/*
 * `Expect: 100-continue`: the client sends its body only after the server has said that it will read it. Node says so
 * at once; here it is said by whoever reads the first byte, so that a refusal comes before a layer is sent.
 */

const waiting = new WeakMap<IncomingMessage, ServerResponse>();

/** Notes that the client waits for the word to send its body. */
export function awaitsContinue(req: IncomingMessage, res: ServerResponse): void {
  waiting.set(req, res);
}

/** Whether the client still waits, and so has sent none of its body. */
export function isWaitingToSend(req: IncomingMessage): boolean {
  return waiting.has(req);
}

/** Lets the body come, if its client waits for that. */
export function letBodyCome(req: IncomingMessage): void {
  const res = waiting.get(req);
  if (res === undefined) return;
  waiting.delete(req);
  if (!res.headersSent) res.writeContinue();
}
