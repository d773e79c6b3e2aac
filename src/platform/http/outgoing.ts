/** A request to another server. */
export interface Outgoing {
  readonly method: 'GET' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  /** for the whole of it, to the last byte of the answer */
  readonly timeoutMs: number;
  /** of the answer's body; 0: it is not read at all */
  readonly limitBytes: number;
}

/** What another server answered. */
export interface Incoming {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * Asks another server, within limits of time and memory. A redirect is an answer, too: credentials are not for whoever
 * it points to.
 *
 * @throws Error when there is no whole answer within the limits
 */
export async function askServer(url: string, outgoing: Outgoing): Promise<Incoming> {
  const { method, headers, timeoutMs, limitBytes } = outgoing;
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await fetch(url, { method, headers, signal, redirect: 'manual' });
  if (limitBytes === 0) {
    await response.body?.cancel();
    return { status: response.status, body: Buffer.alloc(0) };
  }
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  // Leaving the loop early cancels the rest.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) throw new Error(`the answer is larger than ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  return { status: response.status, body: Buffer.concat(chunks) };
}
