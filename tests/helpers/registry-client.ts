import type { IncomingMessage } from 'node:http';
import request from 'supertest';
import type { Target } from './images';
import { basic } from './test-server';

/** An answer as it came over the wire. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly bytes: Buffer;
  readonly text: string;
}

export interface Call {
  readonly authorization?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** sent byte for byte, without a content type unless `headers` has one */
  readonly body?: Buffer | string;
}

type Method = 'get' | 'head' | 'put' | 'delete' | 'post';

function takeBytes(res: unknown, done: (error: Error | null, body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  const message = res as IncomingMessage;
  message.on('data', (chunk: Buffer | string) => chunks.push(Buffer.from(chunk as string, 'latin1')));
  message.on('end', () => done(null, Buffer.concat(chunks)));
}

/** Sends a request as written and keeps the answer's bytes. */
export async function call(
  server: Target,
  method: Method,
  path: string,
  { authorization, headers = {}, body }: Call = {},
): Promise<Answer> {
  const pending = request(server.server)[method](path).buffer(true).parse(takeBytes).set(headers);
  if (authorization !== undefined) pending.set('Authorization', authorization);
  // A buffer keeps superagent from adding a content type, or from writing JSON of its own.
  if (body !== undefined) pending.send('Content-Type' in headers ? body : Buffer.from(body as string));
  const response = await pending;
  const bytes = Buffer.isBuffer(response.body) ? response.body : Buffer.alloc(0);
  return { status: response.status, headers: response.headers, bytes, text: bytes.toString() };
}

/** Status and body, to compare both at once. */
export async function reply(answer: Promise<Answer>): Promise<[status: number, body: string]> {
  const { status, text } = await answer;
  return [status, text];
}

/** A registry's error body. */
export function errorText(message: string): string {
  return JSON.stringify({ error: message });
}

/** The requests of one client about images. */
export function registryClient(server: Target, authorization?: string) {
  const options = authorization === undefined ? {} : { authorization };
  const image = (id: string, part: string): string => `/v1/images/${id}/${part}`;
  return {
    get: (id: string, part: string, headers: Record<string, string> = {}) =>
      call(server, 'get', image(id, part), { ...options, headers }),
    head: (id: string, part: string, headers: Record<string, string> = {}) =>
      call(server, 'head', image(id, part), { ...options, headers }),
    putJson: (id: string, body: Buffer | string) => call(server, 'put', image(id, 'json'), { ...options, body }),
    putLayer: (id: string, body: Buffer) => call(server, 'put', image(id, 'layer'), { ...options, body }),
    putChecksum: (id: string, headers: Record<string, string>) =>
      call(server, 'put', image(id, 'checksum'), { ...options, headers }),
    putPayload: (id: string, payload: string) =>
      call(server, 'put', image(id, 'checksum'), { ...options, headers: { 'X-Docker-Checksum-Payload': payload } }),
  };
}

export type RegistryClient = ReturnType<typeof registryClient>;

/** Makes a repository private, as its owner. */
export async function makePrivate(server: Target, repository: string, owner: string): Promise<void> {
  const path = `/v1/repositories/${repository}/properties`;
  const { status, text } = await call(server, 'put', path, {
    authorization: basic(owner),
    body: '{"access":"private"}',
  });
  if (status !== 200) throw new Error(`${repository} could not be made private: ${status} ${text}`);
}
