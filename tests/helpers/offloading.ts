import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import path from 'node:path';
import type { TestServer } from './test-server';

/* A Drydock that lets nginx send its files, compared with one that sends them itself. */

/** The value of DRYDOCK_ACCEL_PREFIX in the sample. */
export const ACCEL_PREFIX = '/_drydock_layers/';

const SAMPLE = readFileSync(path.join(__dirname, '../../deploy/nginx.conf'), 'utf8');

/** An answer with its whole body. */
export interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly rawNames: readonly string[];
  readonly body: Buffer;
}

/** Sends a request on a connection of its own. */
export async function ask(url: string, headers: Record<string, string>, method = 'GET'): Promise<Answer> {
  const req = httpRequest(url, { method, headers, agent: false }).end();
  const [response] = (await once(req, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const rawNames = response.rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
  return { status: response.statusCode, headers: response.headers, rawNames, body: Buffer.concat(chunks) };
}

/** The sample in `deploy/`, with this test's port, upstream and folder, and without its certificate. */
export function sampleFor(server: TestServer, port: number): string {
  const changes: [string | RegExp, string][] = [
    ['listen 443 ssl;', `listen 127.0.0.1:${port};`],
    [/ssl_certificate(_key)? .*;/g, ''],
    ['http://127.0.0.1:5000', server.url],
    ['alias /var/lib/drydock/blobs/;', `alias ${server.blobDir}/;`],
  ];
  return changes.reduce((text, [from, to]) => {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`deploy/nginx.conf no longer has ${from}`);
    return changed;
  }, SAMPLE);
}

/** Headers of the connection, not of the answer. */
const HOP = ['date', 'server', 'connection', 'keep-alive', 'x-request-id', 'expires'];
/** What two answers must have in common. */
export const shown = ({ status, headers, rawNames }: Answer): unknown => ({
  status,
  names: rawNames.filter((name) => !HOP.includes(name)).sort(),
  headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP.includes(name))),
});
