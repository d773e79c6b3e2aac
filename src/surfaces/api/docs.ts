import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { entityTag, isNotModified } from '../../platform/http/etag';
import { empty, jsonText, type Exchange, type Reply } from '../../platform/http/exchange';
import { contentSecurityPolicy, setPageHeaders } from '../../platform/http/page-headers';
import type { Guard, Route } from '../../platform/http/route';
import { ENDPOINTS } from './endpoints';
import { openApiDocument } from './openapi';

/* The documentation of the API: the OpenAPI document, and the files of Swagger UI. A page shows them. */

/** The document is for programs, the other routes for browsers. */
export type DocsAccess = 'open' | 'page';
type DocsCallers = Record<DocsAccess, undefined>;

const SWAGGER_UI = path.dirname(require.resolve('swagger-ui-dist/package.json'));

const ASSETS = [
  ['swagger-ui.css', 'text/css; charset=utf-8'],
  ['swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
] as const;

const PAGE_HEADERS = {
  'Cache-Control': 'public, max-age=3600',
  'Content-Security-Policy': contentSecurityPolicy(),
};

let documentText: string | undefined;

function getDocument({ req }: Exchange<undefined>): Reply {
  documentText ??= JSON.stringify(openApiDocument(ENDPOINTS));
  const headers = { ETag: entityTag(documentText), 'Cache-Control': 'no-cache' };
  return isNotModified(req, headers.ETag) ? empty(304, headers) : jsonText(200, documentText, headers);
}

/** Where the page was before it had the frame of the others; links to it are in many places. */
function toPage(): Reply {
  return { status: 301, headers: { ...PAGE_HEADERS, Location: '/docs/api/' }, body: undefined };
}

function asset(name: string, type: string): () => Promise<Reply> {
  const file = path.join(SWAGGER_UI, name);
  return async () => {
    return { status: 200, headers: { 'Content-Type': type, ...PAGE_HEADERS }, body: await readFile(file) };
  };
}

/** The routes of the documentation. */
export const docsRoutes: readonly Route<DocsAccess, DocsCallers>[] = [
  { method: 'get', path: '/api/openapi.json', access: 'open', handle: getDocument },
  { method: 'get', path: '/api/docs/', access: 'page', handle: toPage },
  ...ASSETS.map(([name, type]) => ({
    method: 'get' as const,
    path: `/api/docs/${name}`,
    access: 'page' as const,
    handle: asset(name, type),
  })),
];

/** The documentation needs no credentials. */
export const docsGuards: { readonly [A in DocsAccess]: Guard<undefined> } = {
  open: () => Promise.resolve(undefined),
  page: (req, res) => {
    setPageHeaders(req, res);
    return Promise.resolve(undefined);
  },
};
