import { connect } from 'node:net';

/** An answer as it came over the wire. */
export interface RawAnswer {
  /** The status line and header lines. */
  readonly head: readonly string[];
  /** Everything after the empty line, with its framing. */
  readonly body: string;
}

/** Sends text or bytes as they are to a port of this machine and reads until the server closes. */
export async function sendRaw(port: number, text: string | Buffer): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  const socket = connect(port, '127.0.0.1');
  socket.write(text);
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const answer = Buffer.concat(chunks).toString('latin1');
  const end = answer.indexOf('\r\n\r\n');
  return { head: answer.slice(0, end).split('\r\n'), body: answer.slice(end + 4) };
}

/** A request of one connection, with the lines in the order given. */
export function rawRequest(line: string, headers: readonly string[] = [], body = ''): string {
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  return [`${line} HTTP/1.1`, 'Host: hub.test', ...headers, ...length, 'Connection: close', '', body].join('\r\n');
}

/** The values of all lines of one header, in their order. */
export function headerLines(answer: RawAnswer, name: string): string[] {
  const prefix = `${name.toLowerCase()}:`;
  return answer.head
    .filter((line) => line.toLowerCase().startsWith(prefix))
    .map((line) => line.slice(prefix.length).trim());
}
