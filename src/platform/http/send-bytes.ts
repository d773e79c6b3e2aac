import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ByteSource } from '../bytes/byte-source';

const GONE = 'the client has gone';

/**
 * Writes pieces to a response. Node drops the callbacks of writes that were pending when a connection broke, and a
 * pipelined response whose turn has not come does not even learn of the end: this class reports both.
 */
class PieceWriter {
  private readonly waiting = new Set<(reason: Error) => void>();
  private readonly socket: Socket;
  private readonly leaving = new AbortController();

  constructor(private readonly res: ServerResponse) {
    this.socket = res.req.socket;
    this.socket.once('close', this.end);
    res.once('close', this.end);
  }

  /** Aborted when the client has gone. */
  get gone(): AbortSignal {
    return this.leaving.signal;
  }

  /** Settles once the socket no longer needs the buffer. */
  write(piece: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.gone.aborted || this.res.destroyed) {
        reject(new Error(GONE));
        return;
      }
      this.waiting.add(reject);
      this.res.write(piece, (error) => {
        this.waiting.delete(reject);
        // Node reports the pending writes of a broken connection as a success, or as an error of many kinds.
        if (error || this.socket.destroyed) reject(new Error(GONE, error ? { cause: error } : {}));
        else resolve();
      });
    });
  }

  /** A client that keeps the connection open must not keep us waiting. */
  release(): void {
    this.socket.off('close', this.end);
  }

  private readonly end = (): void => {
    this.leaving.abort();
    for (const reject of this.waiting) reject(new Error(GONE));
  };
}

/**
 * Sends a body of the length that the headers state, and always releases it.
 *
 * @throws what the source throws, and Error when the client disconnects; the headers are sent by then
 */
export async function sendBytes(res: ServerResponse, body: ByteSource): Promise<void> {
  if (res.req.method === 'HEAD') {
    await body.close();
    res.end();
    return;
  }
  // This also covers what Node reports when a connection breaks between two pieces.
  res.on('error', () => res.destroy());
  const writer = new PieceWriter(res);
  try {
    await body.copyTo((piece) => writer.write(piece), writer.gone);
  } finally {
    writer.release();
  }
  res.end();
}
