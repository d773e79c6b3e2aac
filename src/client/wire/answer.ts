import { BadAnswer, type AnswerReader } from './answer-reader';

export type Header = readonly [name: string, value: string];

export interface Answer {
  readonly status: number;
  readonly headers: readonly Header[];
  readonly body: Buffer;
  /** the connection ended before the body did */
  readonly isCut: boolean;
}

const MAX_HEADERS = 200;

/** All lines of one header, in their order. */
export function headerLines(answer: Pick<Answer, 'headers'>, name: string): string[] {
  return answer.headers.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

/** The first line of a header, or an empty string, as Go returns it. */
export function headerOf(answer: Pick<Answer, 'headers'>, name: string): string {
  return headerLines(answer, name)[0] ?? '';
}

/** The head of an answer, and its body as it arrives. */
export interface StreamedAnswer extends Pick<Answer, 'status' | 'headers'> {
  /** the length of the body in bytes, if the server sends it */
  readonly announcedBytes: number | undefined;
  /** returns whether the connection ended before the body did */
  readonly body: AsyncGenerator<Buffer, boolean, undefined>;
}

/** Reads the head of the answer to a request of this method. The caller has to read the body. */
export async function readHead(reader: AnswerReader, method: string): Promise<StreamedAnswer> {
  for (;;) {
    const status = await readStatus(reader);
    const headers = await readHeaders(reader);
    if (status < 200) continue; // 100 Continue, which nobody asked for
    const hasBody = method !== 'HEAD' && status !== 204 && status !== 304;
    return { status, headers, ...(hasBody ? readBody(reader, headers) : counted(reader, 0)) };
  }
}

/** Reads the answer to a request of this method, up to a size. */
export async function readAnswer(reader: AnswerReader, method: string, bodyBytes: number): Promise<Answer> {
  const { status, headers, body, announcedBytes = 0 } = await readHead(reader, method);
  if (announcedBytes > bodyBytes) {
    throw new BadAnswer(`a body of ${announcedBytes} bytes, where ${bodyBytes} would be too much`);
  }
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const next = await body.next();
    if (next.done === true) return { status, headers, body: Buffer.concat(chunks), isCut: next.value };
    total += next.value.length;
    if (total > bodyBytes) throw new BadAnswer(`a body of more than ${bodyBytes} bytes`);
    chunks.push(next.value);
  }
}

async function readStatus(reader: AnswerReader): Promise<number> {
  const line = await reader.line();
  if (line === undefined) throw new BadAnswer('EOF');
  const status = /^HTTP\/1\.[01] ([1-5]\d\d)( |$)/.exec(line)?.[1];
  if (status === undefined) throw new BadAnswer(`malformed HTTP response ${JSON.stringify(line.slice(0, 80))}`);
  return Number(status);
}

async function readHeaders(reader: AnswerReader): Promise<Header[]> {
  const headers: Header[] = [];
  for (;;) {
    const line = await reader.line();
    if (line === undefined) throw new BadAnswer('unexpected EOF in the headers');
    if (line === '') return headers;
    const [, name, value] = /^([^\s:]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new BadAnswer('malformed MIME header line');
    if (headers.push([name, value]) > MAX_HEADERS) throw new BadAnswer('too many header lines');
  }
}

type Body = StreamedAnswer['body'];
type Framed = Pick<StreamedAnswer, 'body' | 'announcedBytes'>;

function counted(reader: AnswerReader, announcedBytes: number): Framed {
  return { body: readCounted(reader, announcedBytes), announcedBytes };
}

function readBody(reader: AnswerReader, headers: readonly Header[]): Framed {
  if (headerOf({ headers }, 'Transfer-Encoding').toLowerCase() === 'chunked') {
    return { body: readChunks(reader), announcedBytes: undefined };
  }
  const length = headerOf({ headers }, 'Content-Length');
  if (length === '') return { body: readToEnd(reader), announcedBytes: undefined };
  if (!/^\d+$/.test(length)) throw new BadAnswer(`bad Content-Length ${JSON.stringify(length)}`);
  return counted(reader, Number(length));
}

async function* readToEnd(reader: AnswerReader): Body {
  for (;;) {
    const part = await reader.some(Number.POSITIVE_INFINITY);
    if (part.length === 0) return false;
    yield part;
  }
}

async function* readCounted(reader: AnswerReader, length: number): Body {
  for (let left = length; left > 0;) {
    const part = await reader.some(left);
    if (part.length === 0) return true;
    left -= part.length;
    yield part;
  }
  return false;
}

async function* readChunks(reader: AnswerReader): Body {
  for (;;) {
    const line = await reader.line();
    if (line === undefined) return true;
    const size = /^([0-9a-f]{1,8})[ \t]*(;.*)?$/i.exec(line)?.[1];
    if (size === undefined) throw new BadAnswer('malformed chunked encoding');
    const length = parseInt(size, 16);
    if (length === 0) {
      await readHeaders(reader); // trailers
      return false;
    }
    if (yield* readCounted(reader, length)) return true;
    const end = await reader.line();
    if (end === undefined) return true;
    if (end !== '') throw new BadAnswer('malformed chunked encoding');
  }
}
