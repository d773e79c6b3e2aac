import fc from 'fast-check';
import { askApi } from '../../helpers/api-client';
import { OPERATIONS, type Operation } from '../../helpers/operations';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'root', { isAdmin: true });
});
afterAll(() => server.close());

interface Parameter {
  readonly in: string;
  readonly name: string;
}

/** Names of the fields in a schema, or in a part of it. */
function fieldsOf(operation: Operation): string[] {
  return [...JSON.stringify(operation.value['requestBody'] ?? {}).matchAll(/"([a-z_]+)":\{"/g)].map(
    ([, name]) => name!,
  );
}

function parametersOf(operation: Operation, where: string): string[] {
  const parameters = (operation.value['parameters'] ?? []) as Parameter[];
  return parameters.filter((parameter) => parameter.in === where).map(({ name }) => name);
}

// A URL cannot contain a lone surrogate.
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary-ascii' }),
  fc.constantFrom('root', '0', '*', '%'),
);
const part = fc.oneof(
  fc.constant('root'),
  text.filter((name) => name !== '' && name !== '.' && name !== '..'),
);
const odd = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.integer(), fc.constant('x'.repeat(5000)));
const value = fc.oneof({ arbitrary: text, weight: 5 }, { arbitrary: odd, weight: 1 });

/** Requests of an operation: its own fields and parameters, with arbitrary values. */
function requestsOf(operation: Operation) {
  const fields = Object.fromEntries(fieldsOf(operation).map((name) => [name, value]));
  const queryNames = ['page', ...parametersOf(operation, 'query')];
  const params = Object.fromEntries(parametersOf(operation, 'path').map((name) => [name, part]));
  return fc.record({
    params: fc.record(params),
    query: fc.dictionary(fc.constantFrom(...queryNames), text, { maxKeys: 3 }),
    body: fc.oneof(
      fc.record(fields).map((made) => JSON.stringify(made)),
      fc.record(fields, { requiredKeys: [] }).map((made) => JSON.stringify(made)),
      text,
    ),
    headers: fc.constantFrom<Record<string, string>>(
      {},
      { 'If-Match': '*' },
      { 'If-Match': '"a", W/"b"', 'If-None-Match': '*' },
      { 'Content-Type': 'application/x-www-form-urlencoded' },
      { Cookie: 'drydock_session=a' },
    ),
  });
}

describe('any input', () => {
  it.each(OPERATIONS.map((operation) => [operation.name, operation] as const))(
    'gets a documented answer from %s, and no 500',
    async (_name, operation) => {
      const method = operation.method as 'get' | 'post' | 'put' | 'patch' | 'delete';
      await fc.assert(
        fc.asyncProperty(requestsOf(operation), async ({ params, query, body, headers }) => {
          const path = operation.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) =>
            encodeURIComponent(params[name]!),
          );
          const sent = operation.value['requestBody'] === undefined ? { headers } : { headers, body };
          const answer = await askApi(server, method, path, { as: 'root', query, isRandom: true, ...sent });
          expect(answer.status).toBeLessThan(500);
        }),
        { numRuns: 12 },
      );
    },
  );
});
