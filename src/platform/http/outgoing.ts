/** A request to another server. */
export interface Outgoing {
  readonly method: 'GET' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  /** The time for the whole request, to the last byte of the answer. */
  readonly timeoutMs: number;
  /** The size limit of the answer's body; 0: the body is not read at all. */
  readonly limitBytes: number;
}

/** The answer of another server. */
export interface Incoming {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * The body of another server's answer.
 *
 * @throws Error when it is larger than the limit
 */
export async function readLimited(response: Response, limitBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  // Leaving the loop early cancels the rest.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) throw new Error(`the answer is larger than ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Sends a request to another server, within limits of time and memory. A redirect is returned like any other answer,
 * because our credentials must not be sent to its target.
 *
 * @throws Error when there is no complete answer within the limits
 */
export async function askServer(url: string, outgoing: Outgoing): Promise<Incoming> {
  const { method, headers, timeoutMs, limitBytes } = outgoing;
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await fetch(url, { method, headers, signal, redirect: 'manual' });
  if (limitBytes === 0) {
    await response.body?.cancel();
    return { status: response.status, body: Buffer.alloc(0) };
  }
  return { status: response.status, body: await readLimited(response, limitBytes) };
}
