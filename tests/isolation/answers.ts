import { Agent, request as httpRequest } from 'node:http';

/** A request as it is sent. */
export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** The answer to a request. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends requests over few connections. */
export class Sender {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 4 });

  constructor(private readonly port: number) {}

  send({ method, path, headers, body }: Sent): Promise<Answer> {
    const { port, agent } = this;
    const length = { 'Content-Length': String(Buffer.byteLength(body ?? '')) };
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        { host: '127.0.0.1', port, method, path, headers: { ...headers, ...length }, agent },
        (response) => {
          let text = '';
          response.setEncoding('latin1');
          response.on('data', (chunk: string) => (text += chunk));
          response.on('error', reject);
          response.on('end', () => {
            const all = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
            resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(all), body: text });
          });
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

/** Headers that differ in every answer, whatever the request. */
const PASSING_HEADERS = new Set(['date', 'x-request-id', 'expires', 'keep-alive', 'connection', 'set-cookie']);
const PASSING_TEXT = [/name="csrf_token" value="[^"]*"/g, /next=[^"&\s]*/g];

/**
 * An answer in a form that can be compared with another one, without the names in the request and without values that
 * are new each time.
 */
export function comparable({ status, headers, body }: Answer, asked: ReadonlyMap<string, string>): string {
  const kept = Object.entries(headers).filter(([name]) => !PASSING_HEADERS.has(name));
  let text = `${status}\n${kept.map((pair) => pair.join(': ')).join('\n')}\n\n${body}`;
  const id = headers['x-request-id'];
  if (id !== undefined) text = text.replaceAll(id, '<request>');
  for (const [param, value] of asked) text = text.replaceAll(value, `<${param}>`);
  return PASSING_TEXT.reduce((now, passing) => now.replaceAll(passing, '<passing>'), text);
}
