import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/*
 * A proxy in front of a real S3 server that does what AWS does and radosgw does not: it compares the sha256 that comes with
 * an object, keeps it, and returns it to those who ask for it.
 */

/** A store that checks what it is sent. */
export interface CheckingStore {
  readonly endpoint: string;
  /** the objects that came with a checksum: their paths */
  readonly checked: ReadonlySet<string>;
  close(): Promise<void>;
}

const CHECKSUM = 'x-amz-checksum-sha256';

async function sendOn(endpoint: string, req: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
  const { hostname: host, port } = new URL(endpoint);
  // The client has had its 100 from us, and the store refuses what it does not know.
  const headers = Object.fromEntries(Object.entries(req.headers).filter(([name]) => name !== 'expect'));
  const outgoing = request({ host, port, method: req.method, path: req.url, headers }).end(body);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  return answer;
}

/** Starts one. @param endpoint - of the server behind it */
export async function startCheckingStore(endpoint: string): Promise<CheckingStore> {
  const checksums = new Map<string, string>();

  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { method, headers } = req;
    const { pathname } = new URL(req.url ?? '', endpoint);
    const body = await buffer(req);
    const expected = headers[CHECKSUM];
    if (typeof expected === 'string' && createHash('sha256').update(body).digest('base64') !== expected) {
      res.writeHead(400, { 'Content-Type': 'application/xml' });
      res.end('<Error><Code>BadDigest</Code><Message>The SHA256 you specified did not match</Message></Error>');
      return;
    }
    const answer = await sendOn(endpoint, req, body);
    if (method === 'PUT' && answer.statusCode === 200) {
      if (typeof expected === 'string') checksums.set(pathname, expected);
      else checksums.delete(pathname);
    }
    const isWanted = method === 'HEAD' && headers['x-amz-checksum-mode'] === 'ENABLED' && answer.statusCode === 200;
    const checksum = isWanted ? checksums.get(pathname) : undefined;
    const more: IncomingHttpHeaders =
      checksum === undefined ? {} : { [CHECKSUM]: checksum, 'x-amz-checksum-type': 'FULL_OBJECT' };
    res.writeHead(answer.statusCode ?? 500, { ...answer.headers, ...more });
    answer.pipe(res);
  };

  const server = createServer((req, res) => {
    handle(req, res).catch(() => req.socket.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get checked() {
      return new Set(checksums.keys());
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
