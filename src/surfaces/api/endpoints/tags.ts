import { z } from 'zod';
import type { Context } from '../../../context';
import { copyTag } from '../../../features/images/promotion';
import { noSuchRepository, type ReadableRepository } from '../../../features/repositories/access';
import { getReadable, getWritable } from '../../../features/repositories/get-repository';
import { parseEngine } from '../../../features/tags/engine';
import { getShownTag, listShownTags, type ShownTag } from '../../../features/manifests/shown-tags';
import { deleteTag } from '../../../features/tags/tag-deletion';
import { putTag } from '../../../features/tags/tags';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery, rangeOf } from '../paging';
import { deletableAsked, readableAsked, repositoryOf, repositoryParams, writableAsked } from './repository-asked';
import { line, moment, nameParam } from './schemas';

/* The tags of a repository. */

/** A tag and what clients get for it. */
export const tagSchema = z
  .strictObject({
    name: z.string(),
    image_id: z.string().nullable().describe('The image that clients of v1 get'),
    digest: z.string().nullable().describe('The manifest that clients of v2 get'),
    v1_problem: z
      .string()
      .nullable()
      .describe('Why clients of v1 cannot pull it. If this and `image_id` are null, they can within five minutes'),
    v2_problem: z
      .string()
      .nullable()
      .describe(
        'Why clients of v2 cannot pull it. If this and `digest` are null, their first pull computes the digest',
      ),
    last_updated: moment,
  })
  .meta({ id: 'Tag' });

function tagBody(tag: ShownTag): z.input<typeof tagSchema> {
  return {
    name: tag.name,
    image_id: tag.imageId ?? null,
    digest: tag.digest ?? null,
    v1_problem: tag.v1Problem ?? null,
    v2_problem: tag.v2Problem ?? null,
    last_updated: tag.updatedAt.toISOString(),
  };
}

/** What a tag points to. */
export const kindSchema = z
  .enum(['v1-image', 'docker-image', 'oci-image', 'docker-index', 'oci-index', 'artifact'])
  .describe('An index lists images for several platforms');

/** A tag in a list. */
const listedTagSchema = z
  .strictObject({
    ...tagSchema.shape,
    kind: kindSchema,
    media_type: z.string().nullable().describe('Of the manifest; null for a tag that was pushed over v1'),
    artifact_type: z.string().nullable().describe('Null unless it is an artifact'),
    platforms: z.array(z.string()).describe('The platforms of an index, such as `linux/arm64/v8`'),
    image_size: z.int().describe('Bytes of the config and all layers, as pushed; for an index, of all its images'),
    layer_count: z.int().describe('0 for an index'),
    is_immutable: z.boolean().describe('Whether the tag is protected from being moved or deleted'),
    pushed_by: z.string().nullable().describe('The account that set it last, by its name at the time'),
    engine: z
      .strictObject({
        docker_version: z.string().nullable(),
        kernel: z.string().nullable(),
        os: z.string().nullable(),
        arch: z.string().nullable(),
        client: z.string().nullable().describe('Another client than docker: `skopeo/1.22.0`'),
      })
      .describe('The engine or client that set it, as reported by its User-Agent'),
  })
  .meta({ id: 'ListedTag' });

function engineBody({ engine }: ShownTag): z.input<typeof listedTagSchema>['engine'] {
  const { docker_version: version, kernel, os, arch, client } = engine;
  return {
    docker_version: version ?? null,
    kernel: kernel ?? null,
    os: os ?? null,
    arch: arch ?? null,
    client: client ?? null,
  };
}

function listedBody(tag: ShownTag): z.input<typeof listedTagSchema> {
  const { manifest } = tag;
  return {
    ...tagBody(tag),
    kind: manifest?.kind ?? 'v1-image',
    media_type: manifest?.mediaType ?? null,
    artifact_type: manifest?.artifactType ?? null,
    platforms: [...(manifest?.platforms ?? [])],
    image_size: tag.totalSizeBytes,
    layer_count: tag.layerCount,
    is_immutable: tag.isImmutable,
    pushed_by: tag.setBy ?? null,
    engine: engineBody(tag),
  };
}

/** Reads a tag for an answer. */
export async function readTag(
  ctx: Context,
  repository: ReadableRepository,
  tag: string,
): Promise<z.input<typeof tagSchema>> {
  return tagBody(await getShownTag(ctx, repository, tag));
}

const getTags = endpoint({
  method: 'get',
  path: '/api/v1.1/repositories/:namespace/:name/tags/',
  tag: 'tags',
  access: 'optional',
  id: 'listTags',
  summary: 'List the tags of a repository',
  params: repositoryParams,
  query: z.strictObject({
    ...pageQuery,
    name: line(128).optional().describe('Part of the name, case-insensitive'),
    sort: z
      .enum(['name', 'updated', 'size'])
      .default('name')
      .describe(
        '`name`: 1.9 before 1.10; `updated`: most recently set first; `size`: largest first, of up to 1000 tags',
      ),
  }),
  responses: { 200: { description: 'A page of tags', body: pageOf(listedTagSchema) } },
  errors: ['invalid'],
  handle: async (ctx, { req, params, query, caller }) => {
    const wanted = { text: query.name, sort: query.sort, ...rangeOf(query) };
    const { total, tags } = await listShownTags(ctx, await readableAsked(ctx, { caller, params }), wanted);
    return reply(200, paged(ctx, { req, query }, total, tags.map(listedBody)));
  },
});

const postOne = endpoint({
  method: 'post',
  path: '/api/v1.1/repositories/:namespace/:name/tags/',
  tag: 'tags',
  access: 'account',
  id: 'copyTag',
  summary: 'Copy a tag and its image from another repository, without a pull and a push',
  description:
    'The source is a repository of the same namespace or of library that you can read; an access token must cover both. ' +
    'An immutable tag, and different images under the same ids, are a 409. Webhooks fire as for a push.',
  params: repositoryParams,
  body: z.strictObject({
    name: line(128).describe('Name of the new tag'),
    source: z.strictObject({ namespace: nameParam, name: nameParam, tag: line(128) }),
  }),
  responses: {
    200: { description: 'The updated tag', body: tagSchema },
    201: { description: 'The new tag', body: tagSchema },
  },
  errors: ['conflict'],
  handle: async (ctx, { req, params, body: { name: tag, source }, caller: { actor } }) => {
    const [from, to] = [repositoryOf(source), repositoryOf(params)];
    const target = await getWritable(ctx, actor, to, { missing: noSuchRepository(to) });
    const readable = await getReadable(ctx, actor, from, { followsAliases: true, missing: noSuchRepository(from) });
    const engine = parseEngine(req.headers['user-agent']);
    const { isNew } = await copyTag(
      ctx,
      { repository: readable, tag: source.tag },
      { repository: target, tag, engine },
    );
    const copied = await readTag(ctx, target, tag);
    return isNew ? reply(201, copied) : reply(200, copied);
  },
});

const FACTS = {
  path: '/api/v1.1/repositories/:namespace/:name/tags/:tag/',
  tag: 'tags',
  params: z.object({ ...repositoryParams.shape, tag: nameParam }),
} as const;

const getOne = endpoint({
  ...FACTS,
  method: 'get',
  access: 'optional',
  id: 'getTag',
  summary: 'Show a tag',
  responses: { 200: { description: 'The tag', body: tagSchema } },
  etag: 'sent',
  handle: async (ctx, input) => reply(200, await readTag(ctx, await readableAsked(ctx, input), input.params.tag)),
});

const putOne = endpoint({
  ...FACTS,
  method: 'put',
  access: 'account',
  id: 'setTag',
  summary: 'Set or move a tag to an image that is in the repository with all its ancestors',
  description: 'An immutable tag can be set once; moving it is a 409.',
  body: z.strictObject({ image_id: line(64) }),
  responses: {
    200: { description: 'The updated tag', body: tagSchema },
    201: { description: 'The new tag', body: tagSchema },
  },
  errors: ['conflict'],
  handle: async (ctx, { req, params, body, caller }) => {
    const repository = await writableAsked(ctx, { caller, params });
    const isNew = await putTag(ctx, repository, {
      name: params.tag,
      imageId: body.image_id,
      engine: parseEngine(req.headers['user-agent']),
    });
    const tag = await readTag(ctx, repository, params.tag);
    return isNew ? reply(201, tag) : reply(200, tag);
  },
});

const deleteOne = endpoint({
  ...FACTS,
  method: 'delete',
  access: 'account',
  id: 'deleteTag',
  summary: 'Delete a tag, as an administrator of the repository; its image is kept',
  description: 'Deleting an immutable tag is a 409.',
  responses: { 204: { description: 'Deleted' } },
  errors: ['conflict'],
  handle: async (ctx, { params, caller }) => {
    await deleteTag(ctx, await deletableAsked(ctx, { caller, params }), params.tag);
    return reply(204);
  },
});

export const tagEndpoints = [getTags, postOne, getOne, putOne, deleteOne];
