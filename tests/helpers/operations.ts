import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ENDPOINTS } from '../../src/surfaces/api/endpoints';
import { openApiDocument, type JsonObject, type OpenApiDocument } from '../../src/surfaces/api/openapi';
import { EXERCISED_OPERATIONS } from './exercised-operations';

const KEPT = Symbol.for('drydock.kept-for-all-files');

/**
 * What the endpoints alone decide, computed once in each worker: jest loads the helpers again for each file, but not the
 * endpoints, unless they may have changed.
 */
export function onceForAllFiles<T>(name: string, compute: () => T): T {
  const globals = globalThis as unknown as Record<symbol, WeakMap<object, Map<string, unknown>> | undefined>;
  const byEndpoints = (globals[KEPT] ??= new WeakMap());
  const kept = byEndpoints.get(ENDPOINTS) ?? new Map<string, unknown>();
  byEndpoints.set(ENDPOINTS, kept);
  if (!kept.has(name)) kept.set(name, compute());
  return kept.get(name) as T;
}

/** An operation of the OpenAPI document. */
export interface Operation {
  /** `get /api/v1.1/users/{username}/` */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly value: JsonObject;
}

export const DOCUMENT: OpenApiDocument = onceForAllFiles('document', () => openApiDocument(ENDPOINTS));

/** All operations of the document. */
export const OPERATIONS: readonly Operation[] = Object.entries(DOCUMENT.paths).flatMap(([operationPath, methods]) =>
  Object.entries(methods).map(([method, value]) => ({
    name: `${method} ${operationPath}`,
    method,
    path: operationPath,
    value,
  })),
);

/** Writes down that the suite has seen the operation work. Test files run in processes of their own. */
export function recordOperation({ name }: Operation): void {
  const directory = process.env[EXERCISED_OPERATIONS];
  if (directory === undefined) throw new Error('the test set-up has made no place for the exercised operations');
  appendFileSync(path.join(directory, String(process.pid)), `${name}\n`);
}

/** The operations that no test has exercised, by what was written down in `directory`. */
export function unexercisedOperations(directory: string): string[] {
  const files = readdirSync(directory).map((file) => readFileSync(path.join(directory, file), 'utf8'));
  const exercised = new Set(files.flatMap((text) => text.split('\n')));
  return OPERATIONS.map(({ name }) => name).filter((name) => !exercised.has(name));
}
