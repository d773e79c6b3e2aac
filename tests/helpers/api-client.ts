import { Ajv2020 } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import request from 'supertest';
import { splitUrl } from '../../src/platform/http/url';
import { DOCUMENT, onceForAllFiles, OPERATIONS, recordOperation, type Operation } from './operations';
import { basic, type TestServer } from './test-server';

/*
 * Sends requests to the API, and checks every answer against the OpenAPI document: the operation must have the status,
 * the promised headers must be present, and the body must match its schema.
 */

export interface ApiRequest {
  /** The user who asks, by Basic; the password is that of `addUser`. */
  readonly as?: string;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  /** The request proves nothing about the operation, even if it happens to work. */
  readonly isRandom?: boolean;
}

/** A validator takes longer to compile than a request takes, so each is compiled once. */
const ajv = onceForAllFiles('validators', () => {
  const empty = new Ajv2020({ strict: false, allErrors: true });
  addFormats(empty);
  return empty.addSchema(DOCUMENT, 'api');
});

function pointer(...parts: readonly string[]): string {
  return parts.map((part) => `/${encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('');
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

function patternOf(template: string): RegExp {
  const pattern = template.split(/\{\w+\}/).map((part) => part.replaceAll('.', String.raw`\.`));
  return new RegExp(`^${pattern.join('[^/]+')}$`);
}

const PATTERNS = OPERATIONS.map((operation) => ({ operation, pattern: patternOf(operation.path) }));

/** If several match, the one with the fewest parameters, as in the router. */
function operationFor(method: string, path: string): Operation {
  const found = PATTERNS.filter(
    ({ operation, pattern }) => operation.method === method && pattern.test(withSlash(path)),
  );
  const [operation] = found
    .map((row) => row.operation)
    .sort((a, b) => a.path.split('{').length - b.path.split('{').length);
  if (operation === undefined) throw new Error(`the document has no ${method} ${path}`);
  return operation;
}

interface ResponseObject {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, unknown>>;
}

function assertDocumented(operation: Operation, answer: request.Response): void {
  const responses = operation.value['responses'] as Readonly<Record<string, ResponseObject>>;
  const response = responses[answer.status];
  const where = `${operation.name} ${answer.status}`;
  if (response === undefined) throw new Error(`${where} is not in the document: ${answer.text}`);
  for (const header of Object.keys(response.headers ?? {})) {
    if (answer.headers[header.toLowerCase()] === undefined) throw new Error(`${where} lacks the header ${header}`);
  }
  const type = answer.headers['content-type']?.split(';')[0];
  const types = Object.keys(response.content ?? {});
  if (type === undefined ? types.length > 0 : !types.includes(type)) {
    throw new Error(`${where} has the type ${type}, and the document ${types.join(' or ') || 'none'}`);
  }
  if (type === undefined) return;
  const at = pointer('paths', operation.path, operation.method, 'responses', String(answer.status), 'content', type);
  const validate = ajv.getSchema(`api#${at}/schema`);
  if (validate === undefined) throw new Error(`${where} has no schema`);
  const value: unknown = type.endsWith('json') ? JSON.parse(answer.text) : answer.text;
  if (!validate(value)) throw new Error(`${where} is not as documented: ${ajv.errorsText(validate.errors)}`);
}

function assertProblem(answer: request.Response): void {
  if (answer.status < 400 || answer.type !== 'application/problem+json') return;
  if (answer.body.status !== answer.status) throw new Error('the problem names another status than the answer');
  if (answer.body.request_id !== answer.headers['x-request-id']) throw new Error('the problem lacks the request id');
}

/** Sends a request and checks the answer. */
export async function askApi(
  server: Pick<TestServer, 'server'>,
  method: 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete',
  path: string,
  { as, query, body, headers = {}, form, isRandom = false }: ApiRequest = {},
): Promise<request.Response> {
  const operation = operationFor(method === 'head' ? 'get' : method, splitUrl(path).path);
  const sent = request(server.server)[method](path).redirects(0);
  if (query !== undefined) void sent.query(query);
  if (as !== undefined) void sent.set('Authorization', basic(as));
  void sent.set(headers);
  if (form !== undefined) void sent.type('form').send(form);
  if (body !== undefined) {
    if (headers['Content-Type'] === undefined) void sent.type('json');
    void sent.send(typeof body === 'string' ? body : JSON.stringify(body));
  }
  const answer = await sent;
  if (method !== 'head') {
    assertDocumented(operation, answer);
    assertProblem(answer);
  }
  if (answer.status < 400 && !isRandom) recordOperation(operation);
  return answer;
}

/** A login in a browser: the headers that its requests send. */
export type BrowserSession = Readonly<Record<'Cookie' | 'X-CSRF-Token', string>>;

/** Logs in as a user that `addUser` created. */
export async function logIn(
  server: Pick<TestServer, 'server'>,
  username: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<BrowserSession> {
  const body = { username, password: `${username}pw` };
  const answer = await askApi(server, 'post', '/api/v1.1/session/', { body, headers });
  expect(answer.status).toBe(201);
  const cookie = answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  return { Cookie: cookie, 'X-CSRF-Token': answer.body.csrf_token };
}
