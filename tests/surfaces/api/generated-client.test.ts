import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { DOCUMENT } from '../../helpers/operations';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

/* A client in TypeScript whose types are generated from the document, as its users generate theirs. */

const MODULES = path.join(__dirname, '../../../node_modules');

const PROGRAM = `
import createClient from 'openapi-fetch';
import type { operations, paths } from './schema';

const [, , baseUrl = '', authorization = ''] = process.argv;
const client = createClient<paths>({ baseUrl, headers: { Authorization: authorization } });
const body: operations['createRepository']['requestBody']['content']['application/json'] = { namespace: 'alice', name: 'web' };
const created = await client.POST('/api/v1.1/repositories/', { body });
const again = await client.POST('/api/v1.1/repositories/', { body });
const params = { path: { namespace: 'alice' }, query: { page_size: 1 } };
const listed = await client.GET('/api/v1.1/repositories/{namespace}/', { params });
// @ts-expect-error there is no such visibility
void ((): unknown => client.POST('/api/v1.1/repositories/', { body: { ...body, visibility: 'secret' } }));
console.log(
  JSON.stringify({
    visibility: created.data?.visibility,
    refusal: again.error?.detail,
    names: listed.data?.results.map(({ name }) => name),
  }),
);
`;

const COMPILE =
  '--ignoreConfig --strict --module esnext --target es2022 --moduleResolution bundler --skipLibCheck --types node';

const run = promisify(execFile);

let server: TestServer;
let folder: string;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  // Within the project, so that the program finds its packages.
  await mkdir(path.join(MODULES, '.cache'), { recursive: true });
  folder = await mkdtemp(path.join(MODULES, '.cache/drydock-client-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await server.close();
});

it('a generated client compiles, and works', async () => {
  const node = (...args: string[]) => run(process.execPath, args, { cwd: folder });
  await writeFile(path.join(folder, 'openapi.json'), JSON.stringify(DOCUMENT));
  await writeFile(path.join(folder, 'package.json'), '{"type": "module"}');
  await writeFile(path.join(folder, 'client.ts'), PROGRAM);
  await node(path.join(MODULES, 'openapi-typescript/bin/cli.js'), 'openapi.json', '--output', 'schema.ts');
  await node(path.join(MODULES, 'typescript/bin/tsc'), ...COMPILE.split(' '), 'client.ts');
  const { stdout } = await node('client.js', server.url, basic('alice'));
  expect(JSON.parse(stdout)).toEqual({ visibility: 'public', refusal: expect.any(String), names: ['web'] });
});
