import { spawnSync } from 'node:child_process';
import path from 'node:path';
import request from 'supertest';
import { z } from 'zod';
import { endpoint, reply } from '../../../src/surfaces/api/endpoint';
import { ENDPOINTS } from '../../../src/surfaces/api/endpoints';
import { openApiDocument, openApiPath } from '../../../src/surfaces/api/openapi';
import { DOCUMENT, OPERATIONS } from '../../helpers/operations';
import { startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** The validator is a module that only an import can load, and jest cannot load it. */
function validate(document: unknown): { valid: boolean; errors?: unknown } {
  const script = `import { Validator } from '@seriousme/openapi-schema-validator';
    const chunks = []; for await (const chunk of process.stdin) chunks.push(chunk);
    console.log(JSON.stringify(await new Validator().validate(JSON.parse(Buffer.concat(chunks).toString()))));`;
  const cwd = path.join(__dirname, '..', '..', '..');
  const options = { input: JSON.stringify(document), encoding: 'utf8', cwd } as const;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], options);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as { valid: boolean };
}

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', () => {
    expect(validate(DOCUMENT)).toEqual({ valid: true });
    expect(validate({ ...DOCUMENT, paths: { users: {} } }).valid).toBe(false);
  });

  it('is served, and sent again only after a change', async () => {
    const answer = await request(server.server).get('/api/openapi.json').expect(200);
    expect(answer.body).toEqual(JSON.parse(JSON.stringify(DOCUMENT)));
    const tag = answer.headers['etag']!;
    await request(server.server).get('/api/openapi.json').set('If-None-Match', tag).expect(304);
    await request(server.server).get('/api/openapi.json').set('If-None-Match', '"other"').expect(200);
  });

  it('has every endpoint, and no other', () => {
    const rows = ENDPOINTS.map(({ method, path: rowPath }) => `${method} ${openApiPath(rowPath)}`);
    expect(OPERATIONS.map(({ name }) => name).sort()).toEqual(rows.sort());
  });

  it('names every parameter of a path', () => {
    const unnamed = OPERATIONS.filter(({ path: template, value }) => {
      const parameters = (value['parameters'] ?? []) as { in: string; name: string }[];
      const named = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
      return [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).join() !== named.join();
    });
    expect(unnamed.map(({ name }) => name)).toEqual([]);
  });

  it('refuses two schemas with the same name', () => {
    const row = (method: 'get' | 'put', body: z.ZodType) =>
      endpoint({
        method,
        path: '/api/v1.1/things/',
        tag: 'things',
        access: 'open',
        id: `${method}Things`,
        summary: 'Do',
        responses: { 200: { description: 'Done', body } },
        handle: async () => reply(200, undefined),
      });
    const rows = [row('get', z.string().meta({ id: 'Thing' })), row('put', z.int().meta({ id: 'Thing' }))];
    expect(() => openApiDocument(rows)).toThrow('two schemas have the name Thing');
  });
});

describe('the files that show it', () => {
  it.each([
    ['/api/docs/swagger-ui.css', 'text/css; charset=utf-8', '.swagger-ui'],
    ['/api/docs/swagger-ui-bundle.js', 'text/javascript; charset=utf-8', 'SwaggerUIBundle'],
  ])('%s', async (url, type, part) => {
    const answer = await request(server.server).get(url).buffer(true).expect(200);
    expect(answer.headers['content-type']).toBe(type);
    expect(answer.text).toContain(part);
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.headers['content-security-policy']).toBe(
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self';connect-src 'self';" +
        "form-action 'self';base-uri 'none';frame-ancestors 'none'",
    );
  });

  it.each(['/api/docs/', '/api/docs'])('%s leads to the page that shows them', async (url) => {
    const { headers } = await request(server.server).get(url).expect(301);
    expect(headers['location']).toBe('/docs/api/');
  });
});

describe('the page that shows it', () => {
  it('contains no script and no style, and refers only to existing files', async () => {
    const { text } = await request(server.server).get('/docs/api/').expect(200);
    const main = text.slice(text.indexOf('<main'), text.indexOf('</main>'));
    expect(main).not.toMatch(/<style|style=|<script(?! src="[^"]+"><\/script>)| on[a-z]+=/i);
    const files = [...main.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file!);
    expect(files).toHaveLength(5);
    for (const file of files) await request(server.server).get(file).expect(200);
  });
});
