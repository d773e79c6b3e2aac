import { z } from 'zod';
import { needsPassword } from '../../features/accounts/guarded-actions';
import { SCOPES } from '../../features/oauth/scopes';
import type { ErrorCode } from '../../platform/errors';
import type { Endpoint, ResponseSpec } from './endpoint';
import { problemSchema, STATUS } from './errors';
import { Examples } from './examples';
import { describeTags, type DescribedTag } from './openapi-tags';

/** A JSON Schema, or a part of the document. */
export type JsonObject = Record<string, unknown>;

/** The OpenAPI document, with the parts that programs look at. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: JsonObject;
  readonly servers: readonly JsonObject[];
  readonly tags: readonly DescribedTag[];
  readonly paths: Record<string, Record<string, JsonObject>>;
  readonly components: { schemas: Record<string, unknown>; securitySchemes: JsonObject };
}

/** Collects the named schemas, so that the document has each of them once. */
class Schemas {
  readonly named: Record<string, unknown> = {};
  readonly examples = new Examples(this.named);

  /** A schema as the content of a request or a response, with an example. */
  content(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
    const json = this.of(schema, io);
    return { schema: json, example: this.examples.of(json as JsonObject) };
  }

  /** The JSON Schema of a zod schema; named schemas in it become references. */
  of(schema: z.ZodType, io: 'input' | 'output'): unknown {
    // In a wrapper, a named schema becomes a reference even at the top level.
    const made = z.toJSONSchema(z.strictObject({ schema }), { io, unrepresentable: 'any' });
    const text = JSON.stringify(made).replaceAll('"#/$defs/', '"#/components/schemas/');
    const { $defs = {}, properties } = JSON.parse(text) as { $defs?: JsonObject; properties: { schema: unknown } };
    for (const [name, definition] of Object.entries($defs)) this.add(name, definition);
    return properties.schema;
  }

  private add(name: string, definition: unknown): void {
    const { id: _name, ...schema } = definition as JsonObject;
    const before = JSON.stringify(this.named[name] ?? schema);
    if (before !== JSON.stringify(schema)) throw new Error(`two schemas have the name ${name}`);
    this.named[name] = schema;
  }
}

/** The errors that follow from what the row asks of a request. */
function impliedErrors(endpoint: Endpoint): ErrorCode[] {
  const { access, scope, params, body, etag } = endpoint;
  return [
    'invalid', // the query, if nothing else
    ...(access === 'open' ? [] : (['unauthenticated', 'inactive', 'busy'] as const)),
    ...(scope === undefined && access === 'open' ? [] : (['forbidden'] as const)),
    ...(needsPassword(endpoint) ? (['password_needed'] as const) : []),
    ...(params ? (['not_found'] as const) : []),
    ...(body ? (['unsupported_type', 'too_large'] as const) : []),
    ...(etag === 'heeded' || etag === 'required' ? (['stale'] as const) : []),
    ...(etag === 'required' ? (['unconditional'] as const) : []),
    'unavailable',
  ];
}

const PROBLEM = { $ref: '#/components/schemas/Problem' };

function problems(endpoint: Endpoint): JsonObject {
  const codes = [...impliedErrors(endpoint), ...(endpoint.errors ?? [])];
  const byStatus = new Map<number, Set<string>>([[500, new Set(['internal'])]]);
  for (const code of codes) {
    const status = endpoint.statuses?.[code] ?? STATUS[code];
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code));
  }
  return Object.fromEntries(
    [...byStatus].map(([status, names]) => [
      status,
      { description: [...names].join(', '), content: { 'application/problem+json': { schema: PROBLEM } } },
    ]),
  );
}

function headersOf(endpoint: Endpoint, { headers = {}, body }: ResponseSpec): JsonObject {
  const all = {
    ...headers,
    ...(endpoint.etag !== undefined && body !== undefined ? { ETag: 'The version of the representation' } : {}),
  };
  const entries = Object.entries(all).map(([name, description]) => [
    name,
    { description, required: true, schema: { type: 'string' } },
  ]);
  return entries.length === 0 ? {} : { headers: Object.fromEntries(entries) as unknown };
}

function responsesOf(endpoint: Endpoint, schemas: Schemas): JsonObject {
  const successes = Object.entries(endpoint.responses).map(([status, response]) => {
    const { description, body, mediaType = 'application/json' } = response;
    const content = body && { content: { [mediaType]: schemas.content(body, 'output') } };
    return [status, { description, ...headersOf(endpoint, response), ...content }];
  });
  const unchanged = { 304: { description: 'The representation named in If-None-Match is still current' } };
  const isSometimesUnchanged =
    endpoint.method === 'get' && endpoint.etag !== undefined && endpoint.versionedBy === undefined;
  return {
    ...(isSometimesUnchanged ? unchanged : {}),
    ...problems(endpoint),
    ...(Object.fromEntries(successes) as JsonObject),
  };
}

function parametersIn(where: 'path' | 'query', schema: z.ZodType | undefined, schemas: Schemas): JsonObject[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemas.of(schema, 'input') as {
    properties?: Record<string, JsonObject>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
    example: schemas.examples.of(rest, name),
  }));
}

const IF_MATCH = {
  name: 'If-Match',
  in: 'header',
  description: 'The ETag of what was read, or * to overwrite any version',
  schema: { type: 'string' },
};

function securityOf({ access, scope }: Endpoint): JsonObject[] {
  if (access === 'open') return [];
  if (access === 'session') return [{ session: [] }];
  const bearer = scope === undefined ? [] : [{ oauth: [scope] }];
  return [{ basic: [] }, { session: [] }, ...bearer, ...(access === 'optional' ? [{}] : [])];
}

const MEDIA_TYPES = { json: 'application/json', form: 'application/x-www-form-urlencoded' } as const;

const NEEDS_PASSWORD =
  'Requires Basic authentication with the password, or a session that confirmed it in the last ten minutes. ' +
  'Otherwise the response is 403 with the code password_needed: see POST /api/v1.1/session/confirm/. Access tokens and OAuth tokens are not accepted.';

function descriptionOf(endpoint: Endpoint): JsonObject {
  const { description, responses } = endpoint;
  const [success] = Object.values(responses);
  const sentences = [description ?? `Response: ${success?.description ?? 'nothing'}.`];
  if (needsPassword(endpoint)) sentences.push(NEEDS_PASSWORD);
  return { description: sentences.join(' ') };
}

function operationOf(endpoint: Endpoint, schemas: Schemas): JsonObject {
  const { tag, id, summary, params, query, body, bodyTypes = ['json'], etag } = endpoint;
  const parameters = [...parametersIn('path', params, schemas), ...parametersIn('query', query, schemas)];
  if (etag === 'heeded' || etag === 'required') parameters.push({ ...IF_MATCH, required: etag === 'required' });
  const described = body && schemas.content(body, 'input');
  const content = Object.fromEntries(bodyTypes.map((type) => [MEDIA_TYPES[type], described]));
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...descriptionOf(endpoint),
    ...(needsPassword(endpoint) ? { 'x-needs-password': true } : {}),
    security: securityOf(endpoint),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content } }),
    responses: responsesOf(endpoint, schemas),
  };
}

const SECURITY_SCHEMES = {
  basic: { type: 'http', scheme: 'basic', description: 'Username and password' },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'drydock_session',
    description: 'Changes also need the X-CSRF-Token header',
  },
  oauth: {
    type: 'oauth2',
    flows: {
      authorizationCode: {
        authorizationUrl: '/api/v1.1/o/authorize/',
        tokenUrl: '/api/v1.1/o/token/',
        refreshUrl: '/api/v1.1/o/token/',
        scopes: Object.fromEntries(SCOPES.map((scope) => [scope, scope.replace('_', ': ')])),
      },
    },
  },
};

/** A path in OpenAPI's syntax. */
export function openApiPath(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}');
}

/** The OpenAPI 3.1 document of the endpoints. */
export function openApiDocument(endpoints: readonly Endpoint[]): OpenApiDocument {
  const schemas = new Schemas();
  schemas.of(problemSchema, 'output');
  const paths: OpenApiDocument['paths'] = {};
  for (const endpoint of endpoints) {
    const path = openApiPath(endpoint.path);
    paths[path] = { ...paths[path], [endpoint.method]: operationOf(endpoint, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Drydock',
      version: '1.1',
      description: 'Accounts, repositories and administration of a hub.',
      contact: { name: 'The operator of this server' },
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'This server' }],
    tags: describeTags(endpoints.map(({ tag }) => tag)),
    paths,
    components: { schemas: schemas.named, securitySchemes: SECURITY_SCHEMES },
  };
}
