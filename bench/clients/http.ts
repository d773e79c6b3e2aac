import { request, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface Call {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'PATCH';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** a stream is sent chunked */
  readonly body?: string | Buffer | Readable;
  /** The statuses that do not count as failures. */
  readonly expected?: readonly number[];
}

/** A request on a connection of its own, as every v1 engine makes it; resolves when the answer's head is there. */
export async function open({ method, url, headers = {}, body, expected = [200] }: Call): Promise<IncomingMessage> {
  const req = request(url, { method, headers: { ...headers }, agent: false });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    req.once('response', resolve).once('error', reject);
  });
  if (body instanceof Readable) {
    answered.catch(() => undefined); // awaited below; the pipeline may fail first
    await pipeline(body, req);
  } else {
    req.end(body);
  }
  const response = await answered;
  if (expected.includes(response.statusCode ?? 0)) return response;
  const text = (await readAll(response)).toString().slice(0, 300);
  throw new Error(`${method} ${url} answered ${response.statusCode}: ${text}`);
}

export async function readAll(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Like `open`, with the body read. */
export async function call(options: Call): Promise<{ headers: IncomingMessage['headers']; body: Buffer }> {
  const response = await open(options);
  return { headers: response.headers, body: await readAll(response) };
}
