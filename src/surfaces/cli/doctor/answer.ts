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

/** The first line of a header, or an empty string, as Go has it. */
export function headerOf(answer: Pick<Answer, 'headers'>, name: string): string {
  return headerLines(answer, name)[0] ?? '';
}

/** Reads the answer to a request of this method, up to a size. */
export async function readAnswer(reader: AnswerReader, method: string, bodyBytes: number): Promise<Answer> {
  for (;;) {
    const status = await readStatus(reader);
    const headers = await readHeaders(reader);
    if (status < 200) continue; // 100 Continue, which nobody asked for
    const hasBody = method !== 'HEAD' && status !== 204 && status !== 304;
    return { status, headers, ...(hasBody ? await readBody(reader, headers, bodyBytes) : NO_BODY) };
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

type Body = Pick<Answer, 'body' | 'isCut'>;
const NO_BODY: Body = { body: Buffer.alloc(0), isCut: false };

async function readBody(reader: AnswerReader, headers: readonly Header[], limit: number): Promise<Body> {
  if (headerOf({ headers }, 'Transfer-Encoding').toLowerCase() === 'chunked') return readChunks(reader, limit);
  const length = headerOf({ headers }, 'Content-Length');
  if (length === '') return { body: within(await reader.bytes(limit + 1), limit), isCut: false };
  if (!/^\d+$/.test(length)) throw new BadAnswer(`bad Content-Length ${JSON.stringify(length)}`);
  if (Number(length) > limit) throw new BadAnswer(`a body of ${length} bytes, where ${limit} would be too much`);
  const body = await reader.bytes(Number(length));
  return { body, isCut: body.length < Number(length) };
}

async function readChunks(reader: AnswerReader, limit: number): Promise<Body> {
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const line = await reader.line();
    if (line === undefined) return { body: Buffer.concat(chunks), isCut: true };
    const size = /^([0-9a-f]{1,8})[ \t]*(;.*)?$/i.exec(line)?.[1];
    if (size === undefined) throw new BadAnswer('malformed chunked encoding');
    const length = parseInt(size, 16);
    total += length;
    if (total > limit) throw new BadAnswer(`a body of more than ${limit} bytes`);
    if (length === 0) {
      await readHeaders(reader); // trailers
      return { body: Buffer.concat(chunks), isCut: false };
    }
    const chunk = await reader.bytes(length);
    chunks.push(chunk);
    const end = await reader.line();
    if (end === undefined) return { body: Buffer.concat(chunks), isCut: true };
    if (end !== '') throw new BadAnswer('malformed chunked encoding');
  }
}

function within(body: Buffer, limit: number): Buffer {
  if (body.length > limit) throw new BadAnswer(`a body of more than ${limit} bytes`);
  return body;
}
