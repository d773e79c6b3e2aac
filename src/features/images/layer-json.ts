import { asRecord, type JsonRecord } from '../../platform/untrusted-json';

/* Reading the json of images, which is untrusted: any value may have any shape. The functions here never throw. */

/** The json as an object; undefined if it is not one. */
export function parseLayerJson(bytes: Buffer): JsonRecord | undefined {
  try {
    return asRecord(JSON.parse(bytes.toString('utf8')));
  } catch {
    return undefined;
  }
}

/** The format that Go reads as a time. Engines cannot decode a json with any other `created`. */
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Why engines cannot pull an image with this json, as part of a sentence; undefined if nothing is known to prevent it.
 */
export function whyUnreadable(json: JsonRecord | undefined): string | undefined {
  const created = json?.['created'];
  if (created === undefined || created === null) return undefined;
  if (typeof created === 'string' && RFC_3339.test(created)) return undefined;
  return 'its "created" is not a moment in the form 2015-06-01T12:00:00Z';
}
