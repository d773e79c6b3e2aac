import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/*
 * Reads the recorded sessions in `traces/` (its README describes them). The result is checked against the lengths and
 * digests in the recording, so that a mistake of this parser cannot pass for a request of an engine.
 */

/** Name and value as on the wire, in their order. */
export type Header = readonly [name: string, value: string];

export interface RecordedRequest {
  /** the engine's end of the TCP connection: requests that share it were sent over one connection */
  readonly connection: string;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly Header[];
  readonly body: Buffer;
  /** undefined: sent with Content-Length */
  readonly chunkSizes: readonly number[] | undefined;
}

export interface RecordedAnswer {
  readonly status: number;
  readonly headers: readonly Header[];
  readonly body: Buffer;
}

export interface Step {
  readonly request: RecordedRequest;
  readonly answer: RecordedAnswer;
}

/** One command of one engine. */
export interface Trace {
  /** `<version>/<file>` */
  readonly name: string;
  readonly steps: readonly Step[];
  /** the command and what it printed; the root-name sessions have none */
  readonly terminal: readonly string[];
}

const TRACES = path.join(__dirname, 'traces');

/** The engines, each with a directory of its own. */
export const VERSIONS = ['1.0.1', '1.5.0', '1.7.1', '17.05.0-ce'] as const;
export type EngineVersion = (typeof VERSIONS)[number];

const EXCHANGE = new RegExp(
  String.raw`^>>> \[conn (\S+) [^\]]*\] (\S+) (\S+) HTTP/1\.1\n([\s\S]*?)\n\n([\s\S]*?)` +
    String.raw`^<<< HTTP/1\.1 (\d{3})\n([\s\S]*?)\n\n([\s\S]*?)^-{70}$`,
  'gm',
);
const LAYER =
  /^<(\d+) bytes binary, first=[0-9a-f]+ sha256=([0-9a-f]{64})>\n(?:<chunked: (\d+) chunks, sizes \[(.*)\]>\n)?$/;

/** The engine's sessions in the order in which they were recorded. */
export function traceFiles(version: EngineVersion): string[] {
  return readdirSync(path.join(TRACES, version)).sort();
}

/** All values of a header, in any case of its name. */
export function valuesOf(headers: readonly Header[], name: string): string[] {
  return headers.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

function readHeaders(text: string): Header[] {
  return text.split('\n').map((line) => {
    const colon = line.indexOf(': ');
    if (colon < 1) throw new Error(`not a header: ${line}`);
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
}

/** The recorder lists six sizes at most: what they leave over is the last chunk. */
function readChunkSizes(count: string, sizes: string, total: number): number[] {
  const listed = sizes.split(', ').map(Number);
  const rest = total - listed.reduce((sum, size) => sum + size, 0);
  const all = rest > 0 ? [...listed, rest] : listed;
  if (rest < 0 || all.length !== Number(count)) throw new Error(`chunks do not add up to ${total}: ${sizes}`);
  return all;
}

function readBody(text: string): Pick<RecordedRequest, 'body' | 'chunkSizes'> {
  const layer = LAYER.exec(text);
  if (layer === null) return { body: Buffer.from(text.replace(/\n$/, '')), chunkSizes: undefined };
  const [, size = '', sha256 = '', chunkCount, sizes = ''] = layer;
  const body = readFileSync(path.join(TRACES, 'layers', sha256));
  if (body.length !== Number(size) || createHash('sha256').update(body).digest('hex') !== sha256) {
    throw new Error(`layers/${sha256} is not what was recorded`);
  }
  return { body, chunkSizes: chunkCount === undefined ? undefined : readChunkSizes(chunkCount, sizes, body.length) };
}

function assertLength(headers: readonly Header[], body: Buffer, where: string): void {
  const [length] = valuesOf(headers, 'Content-Length');
  if (length !== undefined && Number(length) !== body.length)
    throw new Error(`${where}: ${body.length} bytes, not ${length}`);
}

function readStep(match: RegExpExecArray): Step {
  const [, connection = '', method = '', target = '', requestHead = '', requestBody = ''] = match;
  const [status = '', answerHead = '', answerBody = ''] = match.slice(6);
  const request = { connection, method, target, headers: readHeaders(requestHead), ...readBody(requestBody) };
  const answer = { status: Number(status), headers: readHeaders(answerHead), body: readBody(answerBody).body };
  assertLength(request.headers, request.body, `${method} ${target}`);
  if (method !== 'HEAD') assertLength(answer.headers, answer.body, `the answer to ${method} ${target}`);
  return { request, answer };
}

/** Reads one file of one engine. */
export function readTrace(version: EngineVersion, file: string): Trace {
  const text = readFileSync(path.join(TRACES, version, file), 'utf8');
  const steps = [...text.matchAll(EXCHANGE)].map(readStep);
  const sent = text.match(/^>>> /gm)?.length ?? 0;
  if (steps.length !== sent) throw new Error(`${version}/${file}: understood ${steps.length} of ${sent} requests`);
  const terminal = [...text.matchAll(/^##### (.*)$/gm)].map(([, line = '']) => line);
  return { name: `${version}/${file}`, steps, terminal };
}
