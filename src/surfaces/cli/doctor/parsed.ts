import { z } from 'zod';

import { failed, type Exchange } from './failure';
import type { EngineRun } from './engine-run';
import { shownBy } from './readable-exchange';

/*
 * Bodies, checked as strictly as Go's decoder does: other keys are allowed, other types are not, and null counts as
 * absent.
 */

const tagsBody = z.record(z.string(), z.string());
const tagBody = z.string();
const listBody = z.array(z.object({ id: z.string() })).nullable();
const ancestryBody = z.array(z.string());
const searchBody = z.object({
  query: z.string().nullish(),
  num_results: z.number().int().nullish(),
  results: z
    .array(
      z.object({
        name: z.string().nullish(),
        description: z.string().nullish(),
        star_count: z.number().int().nullish(),
        is_official: z.boolean().nullish(),
        is_trusted: z.boolean().nullish(),
        is_automated: z.boolean().nullish(),
      }),
    )
    .nullish(),
});

export type SearchBody = z.infer<typeof searchBody>;

function parse<T>(schema: z.ZodType<T>, body: Buffer): T | undefined {
  try {
    return schema.safeParse(JSON.parse(body.toString())).data;
  } catch {
    return undefined;
  }
}

/** Whether the body is a list of images, which opens a pull (protocol 2.8); it may be empty. */
export function isImageList(body: Buffer): boolean {
  return parse(listBody, body) !== undefined;
}

/** The registry's tags (protocol 4.7), which must be those that were pushed; only `tag`, if given. */
export function parseTags(run: EngineRun, exchange: Exchange, tag: string | undefined): Record<string, string> {
  const { repository, pushed } = run;
  const shown = shownBy(run.session.generation);
  const tags = parse(tagsBody, exchange.answer.body);
  if (!tags) {
    const detail = 'json: cannot unmarshal array into Go value of type map[string]string';
    throw failed(exchange, 'a JSON object of tag and image id', shown.beforePull(repository, detail));
  }
  for (const [name, id] of Object.entries(pushed.tags)) {
    if (tags[name] === id) continue;
    const detail = tags[name] === undefined ? `Tag ${name} not found in repository ${repository}` : OTHER_IMAGE;
    throw failed(exchange, `the tag ${name} of the image ${id}`, detail);
  }
  return tag === undefined ? tags : { [tag]: tags[tag] ?? '' };
}

/** One tag by its name (protocol 4.7): a JSON string. */
export function parseTagId(run: EngineRun, exchange: Exchange): string {
  const id = parse(tagBody, exchange.answer.body);
  if (id !== undefined && Object.values(run.pushed.tags).includes(id)) return id;
  const detail = 'json: cannot unmarshal object into Go value of type string';
  throw failed(exchange, 'the image id as a JSON string', id === undefined ? detail : OTHER_IMAGE);
}

/** What the user sees if the bytes differ from those that were pushed: a v1 pull does not verify them. */
export const OTHER_IMAGE = 'no error, but not the image that was pushed';

/** An ancestry (protocol 4.8). */
export function parseAncestry(body: Buffer): readonly string[] | undefined {
  return parse(ancestryBody, body);
}

/** Search results (protocol 2.13). */
export function parseSearch(body: Buffer): SearchBody | undefined {
  return parse(searchBody, body);
}
