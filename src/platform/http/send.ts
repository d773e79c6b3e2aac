import type { IncomingMessage, ServerResponse } from 'node:http';
import { isByteSource } from '../bytes/byte-source';
import type { Reply } from './exchange';
import { isWaitingToSend } from './continue';
import { requestState } from './request-state';
import { sendBytes } from './send-bytes';

/** How much a connection accepts at once, whether or not its client reads. */
const LARGE = 16 * 1024;

const DRAIN_MS = 5000;
const DRAIN_BYTES = 64 * 1024 * 1024;

/**
 * Sends a reply. The answer to a HEAD keeps every header, including the length, and has no body.
 *
 * @throws what the body's source throws; then the socket must be destroyed, because the headers are already sent
 */
export async function send(res: ServerResponse, reply: Reply): Promise<void> {
  const { body } = reply;
  res.statusCode = reply.status;
  // The client may or may not send its body despite this answer, so the meaning of the next bytes on the connection is
  // unclear.
  const isBodyUnasked = isWaitingToSend(res.req);
  if (isBodyUnasked) res.setHeader('Connection', 'close');
  for (const [name, value] of Object.entries(reply.headers)) {
    res.setHeader(name, name === 'Vary' ? withEarlier(res, String(value)) : value);
  }
  if (typeof body === 'object' && isByteSource(body)) {
    setIdleTimeout(res);
    return sendBytes(res, body);
  }
  const hasLength = body !== undefined && reply.isChunked !== true;
  if (hasLength) res.setHeader('Content-Length', Buffer.byteLength(body));
  else if (body === undefined && reply.status !== 204 && reply.status !== 304 && !res.hasHeader('Content-Length')) {
    res.setHeader('Content-Length', 0);
  }
  const hasBody = body !== undefined && res.req.method !== 'HEAD';
  if (hasBody && body.length > LARGE) setIdleTimeout(res);
  if ((res.req.complete || isBodyUnasked) && reply.isChunked !== true) {
    res.end(hasBody ? body : undefined);
    return;
  }
  if (hasBody) res.write(body);
  else res.flushHeaders();
  if (!res.req.complete && !isBodyUnasked) await drain(res.req);
  res.end();
}

/** Combines the Vary of CORS with that of the answer: an answer depends on both. */
function withEarlier(res: ServerResponse, vary: string): string {
  const earlier = res.getHeader('Vary');
  return earlier === undefined ? vary : `${String(earlier)}, ${vary}`;
}

/**
 * Keeps reading when an answer came before the end of the request's body: a client that is still sending would
 * otherwise see a reset connection instead of the answer.
 */
async function drain(req: IncomingMessage): Promise<void> {
  let drainedBytes = 0;
  const timer = setTimeout(() => req.destroy(), DRAIN_MS);
  try {
    for await (const chunk of req) {
      drainedBytes += (chunk as Buffer).length;
      if (drainedBytes > DRAIN_BYTES) return;
    }
  } catch {
    // The client has disconnected, so nobody waits for the answer.
  } finally {
    clearTimeout(timer);
  }
}

/** A client that stops reading would keep the answer in memory, and a file open. */
function setIdleTimeout(res: ServerResponse): void {
  res.setTimeout(requestState(res).timeouts.idleAnswerMs, () => res.destroy());
}
