import { z } from 'zod';

/* The documents of v2 that the doctor reads; other keys are allowed. */

const descriptor = z.object({ digest: z.string(), size: z.number() });
const manifestBody = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string(),
  config: descriptor,
  layers: z.array(descriptor),
});
const configBody = z.object({ rootfs: z.object({ diff_ids: z.array(z.string()) }) });

export type Descriptor = z.infer<typeof descriptor>;
export type ManifestBody = z.infer<typeof manifestBody>;

function parse<T>(schema: z.ZodType<T>, body: Buffer): T | undefined {
  try {
    return schema.safeParse(JSON.parse(body.toString())).data;
  } catch {
    return undefined;
  }
}

/** A manifest of one image, with its `mediaType`, which docker of today requires (bridge 5.1). */
export function parseManifest(body: Buffer): ManifestBody | undefined {
  return parse(manifestBody, body);
}

/** The diff_ids of a config; undefined if it is not the config of an image. */
export function parseDiffIds(body: Buffer): readonly string[] | undefined {
  return parse(configBody, body)?.rootfs.diff_ids;
}
