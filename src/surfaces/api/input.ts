import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { AppError, type FieldError } from '../../platform/errors';
import { parseJson, readBody } from '../../platform/http/body';
import type { Endpoint } from './endpoint';

/** The limit of a body, unless its row has another one. */
const BODY_BYTES = 64 * 1024;

const TYPES = { json: 'application/json', form: 'application/x-www-form-urlencoded' } as const;

/** What an endpoint without parameters in the query accepts there. Unknown names are refused everywhere: they are mistakes. */
const NOTHING = z.strictObject({});

/** Postgres cannot store NUL in text, so no field may contain it. */
function hasNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, member]) => hasNul(name) || hasNul(member));
}

function fieldsOf(where: string, error: z.ZodError): FieldError[] {
  return error.issues.flatMap(({ path, message, ...issue }) => {
    const names =
      issue.code === 'unrecognized_keys' && 'keys' in issue ? issue.keys.map((key) => [...path, key]) : [path];
    return names.map((name) => ({ field: [where, ...name.map(String)].join('.'), message }));
  });
}

function parse(where: 'query' | 'body', schema: z.ZodType, value: unknown): unknown {
  const isStorable = !hasNul(value);
  const parsed = isStorable ? schema.safeParse(value) : undefined;
  if (parsed?.success === true) return parsed.data;
  const fields =
    parsed === undefined ? [{ field: where, message: 'must not contain NUL' }] : fieldsOf(where, parsed.error);
  throw new AppError('invalid', `The ${where} is not valid`, { fields });
}

/** @throws AppError `not_found`, since nothing can have such a name */
function parseParams(schema: z.ZodType, value: unknown): unknown {
  const parsed = hasNul(value) ? undefined : schema.safeParse(value);
  if (parsed?.success === true) return parsed.data;
  throw new AppError('not_found', 'Not found');
}

/** The query as an object; a name that occurs several times gets a list. */
function toObject(query: URLSearchParams): Record<string, string | string[]> {
  const names = [...new Set(query.keys())];
  return Object.fromEntries(
    names.map((name) => {
      const values = query.getAll(name);
      return [name, values.length === 1 ? (values[0] ?? '') : values];
    }),
  );
}

async function readValue(
  req: IncomingMessage,
  { bodyTypes = ['json'], bodyBytes = BODY_BYTES }: Endpoint,
): Promise<unknown> {
  const type = (req.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  const kind = bodyTypes.find((name) => TYPES[name] === type);
  if (kind === undefined) {
    const names = bodyTypes.map((name) => TYPES[name]).join(' or ');
    throw new AppError('unsupported_type', `The Content-Type must be ${names}`);
  }
  const bytes = await readBody(req, bodyBytes);
  if (kind === 'form') return toObject(new URLSearchParams(bytes.toString('utf8')));
  const parsed = parseJson(bytes);
  if (parsed === undefined) {
    throw new AppError('invalid', 'The body is not valid', {
      fields: [{ field: 'body', message: 'is not valid JSON' }],
    });
  }
  return parsed.value;
}

/** The parts of a request, as parsed by the schemas of an endpoint. */
export interface ParsedInput {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/**
 * Parses a request with the schemas of its endpoint.
 *
 * @throws AppError `not_found` for the path, `invalid` with fields, `unsupported_type`, `too_large`
 */
export async function readInput(
  endpoint: Endpoint,
  request: { readonly req: IncomingMessage; readonly params: unknown; readonly query: URLSearchParams },
): Promise<ParsedInput> {
  const { params, query, body } = endpoint;
  return {
    params: params && parseParams(params, request.params),
    query: parse('query', query ?? NOTHING, toObject(request.query)),
    body: body && parse('body', body, await readValue(request.req, endpoint)),
  };
}
