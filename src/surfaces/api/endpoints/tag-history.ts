import { z } from 'zod';
import { parseEngine } from '../../../features/tags/engine';
import { listTagHistory, restoreTag, type TagEvent } from '../../../features/tags/tag-history';
import { endpoint, reply } from '../endpoint';
import { linkWith, pageQuery } from '../paging';
import { readableAsked, repositoryParams, writableAsked } from './repository-asked';
import { line, moment } from './schemas';
import { readTag, tagSchema } from './tags';

/* Where tags pointed before. The path is not below `tags/`, because a tag may be called `history`. */

const eventSchema = z
  .strictObject({
    id: z.int(),
    tag: z.string(),
    from: z
      .string()
      .nullable()
      .describe('The id of the image before, or the digest of the manifest; null if the tag did not exist'),
    to: z.string().nullable().describe('The same after; null if the tag was deleted'),
    actor: z.string().nullable().describe('Who did it, by their name at the time'),
    date: moment,
  })
  .meta({ id: 'TagEvent' });

function eventBody({ id, tag, from, to, actor, at }: TagEvent): z.input<typeof eventSchema> {
  return { id, tag, from: from ?? null, to: to ?? null, actor: actor ?? null, date: at.toISOString() };
}

const eventId = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

const getHistory = endpoint({
  method: 'get',
  path: '/api/v1.1/repositories/:namespace/:name/tag-history/',
  tag: 'tags',
  access: 'optional',
  id: 'listTagHistory',
  summary: 'List who set, moved and deleted which tag',
  params: repositoryParams,
  query: z.strictObject({
    tag: line(128).optional().describe('Only events of this tag'),
    before: eventId.optional().describe('Only events with a smaller id'),
    page_size: pageQuery.page_size,
  }),
  responses: {
    200: {
      description: 'Newest first; the list has no page numbers, because new events appear at its head',
      body: z.strictObject({
        next: z.url().nullable().describe('Link to older events'),
        results: z.array(eventSchema),
      }),
    },
  },
  handle: async (ctx, { req, params, query, caller }) => {
    const { tag, before, page_size: size } = query;
    // One event more than was asked for shows whether there are older ones.
    const repository = await readableAsked(ctx, { caller, params });
    const events = await listTagHistory(ctx, repository, { tag, before, limit: size + 1 });
    const results = events.slice(0, size).map(eventBody);
    const last = events.length > size ? results.at(-1) : undefined;
    return reply(200, { next: last === undefined ? null : linkWith(ctx, req, 'before', last.id), results });
  },
});

const postRestore = endpoint({
  method: 'post',
  path: '/api/v1.1/repositories/:namespace/:name/tag-history/:event/restore/',
  tag: 'tags',
  access: 'account',
  id: 'restoreTag',
  summary: 'Restore a tag to its image or manifest before or after an event',
  description: 'The rules for setting a tag apply: a tag that is immutable, or did not exist at that point, is a 409.',
  params: z.object({ ...repositoryParams.shape, event: eventId }),
  body: z.strictObject({ side: z.enum(['before', 'after']).default('before') }),
  responses: { 200: { description: 'The updated tag', body: tagSchema } },
  errors: ['conflict'],
  handle: async (ctx, { req, params, body: { side }, caller }) => {
    const repository = await writableAsked(ctx, { caller, params });
    const engine = parseEngine(req.headers['user-agent']);
    const { tag } = await restoreTag(ctx, repository, { eventId: params.event, side, engine });
    return reply(200, await readTag(ctx, repository, tag));
  },
});

export const tagHistoryEndpoints = [getHistory, postRestore];
