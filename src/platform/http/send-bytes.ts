import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ByteSource } from '../bytes/byte-source';

const GONE = 'the client has gone';

/**
 * Hands pieces to a response. Node forgets the callbacks of writes that a broken connection leaves behind, and a
 * pipelined response that is not its turn yet does not even hear of the end: both are told here.
 */
class PieceWriter {
  private readonly waiting = new Set<(reason: Error) => void>();
  private readonly socket: Socket;
  private isGone = false;

  constructor(private readonly res: ServerResponse) {
    this.socket = res.req.socket;
    this.socket.once('close', this.end);
    res.once('close', this.end);
  }

  /** Settles once the socket no longer needs the buffer. */
  write(piece: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.isGone || this.res.destroyed) {
        reject(new Error(GONE));
        return;
      }
      this.waiting.add(reject);
      this.res.write(piece, (error) => {
        this.waiting.delete(reject);
        // What a connection that broke had left to write is called a success, or an error of many kinds.
        if (error || this.socket.destroyed) reject(new Error(GONE, error ? { cause: error } : {}));
        else resolve();
      });
    });
  }

  /** Whoever keeps the connection must not keep us. */
  release(): void {
    this.socket.off('close', this.end);
  }

  private readonly end = (): void => {
    this.isGone = true;
    for (const reject of this.waiting) reject(new Error(GONE));
  };
}

/**
 * Sends a body of the length that the headers give, and lets go of it in any case.
 *
 * @throws what the source throws, and Error when the client goes away; the headers are out by then
 */
export async function sendBytes(res: ServerResponse, body: ByteSource): Promise<void> {
  if (res.req.method === 'HEAD') {
    await body.close();
    res.end();
    return;
  }
  // Also for what Node has to say of a connection that breaks between two pieces.
  res.on('error', () => res.destroy());
  const writer = new PieceWriter(res);
  try {
    await body.copyTo((piece) => writer.write(piece));
  } finally {
    writer.release();
  }
  res.end();
}
