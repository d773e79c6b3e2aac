import { AppError } from '../../platform/errors';

/** What the registry reads from an image's json; the rest is only for engines. */
export interface ImageJson {
  readonly id: string;
  /** undefined for a base image */
  readonly parentId: string | undefined;
}

function parse(bytes: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new AppError('invalid', 'Invalid JSON', { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0) {
    throw new AppError('invalid', 'Invalid JSON');
  }
  return value as Record<string, unknown>;
}

/**
 * Reads an image's json (protocol 4.3, checks 3 to 5).
 *
 * @param expectedId - the id in the URL
 * @throws AppError `invalid`, in the words of docker's registry
 */
export function readImageJson(bytes: Buffer, expectedId: string): ImageJson {
  const json = parse(bytes);
  if (!('id' in json)) throw new AppError('invalid', "Missing key `id' in JSON");
  if (json['id'] !== expectedId) throw new AppError('invalid', 'JSON data contains invalid id');
  const parent = json['parent'];
  if (parent === undefined || parent === null || parent === '' || parent === false || parent === 0) {
    return { id: expectedId, parentId: undefined };
  }
  if (typeof parent !== 'string') throw new AppError('invalid', 'Image depends on a non existing parent');
  if (parent === expectedId) throw new AppError('invalid', 'Image depends on itself');
  return { id: expectedId, parentId: parent };
}
