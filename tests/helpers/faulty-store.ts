import { once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/* A proxy in front of a real S3 server, over real sockets, that injects the faults of networks and of busy stores. */

/** What a request asks for, in the words of S3. */
export type Operation =
  | 'HeadBucket'
  | 'ListObjects'
  | 'DeleteObjects'
  | 'HeadObject'
  | 'GetObject'
  | 'PutObject'
  | 'CopyObject'
  | 'DeleteObject'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'UploadPartCopy'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'other';

/** A request to the store. */
export interface StoreRequest {
  readonly operation: Operation;
  /** the path, with the bucket, and the query */
  readonly url: string;
  readonly range: string | undefined;
}

/** What happens to a request. */
export type Fault =
  /** The store refuses it, and has done nothing. */
  | { readonly kind: 'status'; readonly status: number; readonly code: string }
  /** The connection ends before the store gets the request. */
  | { readonly kind: 'cut request'; readonly afterBytes?: number }
  /** The store does its work, and the connection ends before the answer. */
  | { readonly kind: 'cut answer' }
  /** The connection ends within the body of the answer. */
  | { readonly kind: 'cut body'; readonly afterBytes: number }
  /** No more bytes of the answer come, and the connection stays. */
  | { readonly kind: 'stalled body'; readonly afterBytes: number }
  /** Headers of the answer have other values. */
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string>> }
  /** The store gets the request late. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** The request never gets an answer. */
  | { readonly kind: 'silent' }
  /** The body of the answer is another one: a listing that is late, for example. */
  | { readonly kind: 'rewritten'; readonly body: (body: string) => string };

/** The operations that a fault meets: one, several, or those that a function picks. */
export type Which = Operation | readonly Operation[] | ((request: StoreRequest) => boolean);

/** A store that fails as a test wants. */
export interface FaultyStore {
  readonly endpoint: string;
  /** All requests that arrived, the oldest first. */
  readonly requests: StoreRequest[];
  /** Answers of the store that are still being sent. */
  readonly answering: number;
  /**
   * Adds a fault; the first one that was added and fits is the one that happens.
   *
   * @param times - how many requests meet it
   * @returns ends it
   */
  inject(which: Which, fault: Fault, times?: number): () => void;
  /** Cuts all connections and refuses new ones. */
  goDown(): Promise<void>;
  comeUp(): Promise<void>;
  close(): Promise<void>;
}

interface Rule {
  readonly fits: (request: StoreRequest) => boolean;
  readonly fault: Fault;
  left: number;
}

/** By method: of a bucket, of an object, of a part of an upload. */
const OPERATIONS: Readonly<Record<string, readonly [Operation, Operation, Operation]>> = {
  HEAD: ['HeadBucket', 'HeadObject', 'HeadObject'],
  GET: ['ListObjects', 'GetObject', 'other'],
  PUT: ['other', 'PutObject', 'UploadPart'],
  POST: ['DeleteObjects', 'CreateMultipartUpload', 'CompleteMultipartUpload'],
  DELETE: ['other', 'DeleteObject', 'AbortMultipartUpload'],
};

function describeRequest({ method = '', url = '', headers }: IncomingMessage): StoreRequest {
  const { pathname, searchParams } = new URL(url, 'http://store');
  const [ofBucket, ofObject, ofUpload] = OPERATIONS[method] ?? (['other', 'other', 'other'] as const);
  const isObject = /^\/[^/]+\/./.test(pathname);
  const plain = searchParams.has('uploadId') ? ofUpload : isObject ? ofObject : ofBucket;
  const isCopy = headers['x-amz-copy-source'] !== undefined;
  const operation = !isCopy ? plain : plain === 'UploadPart' ? 'UploadPartCopy' : 'CopyObject';
  return { operation, url, range: headers.range };
}

function pickerOf(which: Which): (request: StoreRequest) => boolean {
  if (typeof which === 'function') return which;
  const operations = [which].flat();
  return ({ operation }) => operations.includes(operation);
}

function errorBody(code: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>injected</Message></Error>`;
}

/** Ends the connection as soon as so many bytes of the request have arrived. */
async function cutRequest(req: IncomingMessage, afterBytes: number): Promise<void> {
  const { socket } = req;
  let arrived = 0;
  if (afterBytes > 0) {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      arrived += chunk.length;
      if (arrived >= afterBytes) break;
    }
  }
  socket.destroy();
}

/** Sends a request on as it came: the signature covers the host that the client asked. */
async function sendOn(agent: Agent, target: URL, req: IncomingMessage): Promise<IncomingMessage> {
  // The client has had its 100 from us.
  const headers = Object.fromEntries(Object.entries(req.headers).filter(([name]) => name !== 'expect'));
  const { hostname: host, port } = target;
  const outgoing = request({ agent, host, port, method: req.method, path: req.url, headers });
  req.once('close', () => {
    if (!req.complete) outgoing.destroy();
  });
  req.pipe(outgoing);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  return answer;
}

/** Sends the answer back, as far as the fault lets it; the store's connection ends with the client's. */
async function sendBack(answer: IncomingMessage, res: ServerResponse, fault: Fault | undefined): Promise<void> {
  const { statusCode = 500, headers } = answer;
  if (fault?.kind === 'rewritten') {
    const body = fault.body((await buffer(answer)).toString());
    res.writeHead(statusCode, { 'content-type': headers['content-type'] }).end(body);
    return;
  }
  res.writeHead(statusCode, { ...headers, ...(fault?.kind === 'headers' && fault.headers) }).flushHeaders();
  let left = fault?.kind === 'cut body' || fault?.kind === 'stalled body' ? fault.afterBytes : Infinity;
  const gone = new AbortController();
  res.once('close', () => {
    gone.abort();
    answer.destroy();
  });
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      const piece = chunk.subarray(0, left);
      if (!res.write(piece)) await once(res, 'drain', { signal: gone.signal });
      left -= piece.length;
      if (left > 0) continue;
      if (fault?.kind === 'stalled body') await once(res, 'close');
      else await sleep(10); // until what was written is on its way
      break;
    }
  } catch {
    left = 0; // the client or the store ended its connection
  }
  if (left <= 0) res.destroy();
  else res.end();
}

/** Starts a proxy in front of the store at `endpoint`. */
export async function startFaultyStore(endpoint: string): Promise<FaultyStore> {
  const target = new URL(endpoint);
  const rules: Rule[] = [];
  const requests: StoreRequest[] = [];
  const sockets = new Set<Socket>();
  const agent = new Agent({ keepAlive: true });
  let answering = 0;

  const faultFor = (asked: StoreRequest): Fault | undefined => {
    const rule = rules.find(({ fits, left }) => left > 0 && fits(asked));
    if (rule !== undefined) rule.left -= 1;
    return rule?.fault;
  };
  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { socket } = req;
    const asked = describeRequest(req);
    requests.push(asked);
    const fault = faultFor(asked);
    if (fault?.kind === 'cut request') return cutRequest(req, fault.afterBytes ?? 0);
    if (fault?.kind === 'silent') return;
    if (fault?.kind === 'status') {
      await buffer(req);
      const body = req.method === 'HEAD' ? '' : errorBody(fault.code);
      res.writeHead(fault.status, { 'Content-Type': 'application/xml' }).end(body);
      return;
    }
    if (fault?.kind === 'slow') await sleep(fault.ms);
    const answer = await sendOn(agent, target, req);
    if (fault?.kind === 'cut answer') {
      answer.resume();
      socket.destroy();
      return;
    }
    answering += 1;
    await sendBack(answer, res, fault).finally(() => (answering -= 1));
  };

  const server = createServer((req, res) => {
    const { socket } = req;
    handle(req, res).catch(() => socket.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const listen = async (port: number): Promise<number> => {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  };
  const goDown = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const port = await listen(0);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    get answering() {
      return answering;
    },
    inject: (which, fault, times = Infinity) => {
      const rule: Rule = { fits: pickerOf(which), fault, left: times };
      rules.push(rule);
      return () => {
        rule.left = 0;
      };
    },
    goDown,
    comeUp: async () => {
      await listen(port);
    },
    close: async () => {
      if (server.listening) await goDown();
      agent.destroy();
    },
  };
}
