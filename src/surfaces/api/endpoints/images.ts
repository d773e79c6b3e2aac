import { z } from 'zod';
import { browseImageFiles } from '../../../features/images/browse';
import { imageHistory, type ImageHistory } from '../../../features/images/history';
import { imageTree } from '../../../features/images/tree';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery, rangeOf } from '../paging';
import { imageBody, imageSchema } from './manifests';
import { readableAsked, repositoryParams } from './repository-asked';
import { line, moment, nameParam } from './schemas';

/*
 * The images of a repository, for people to look at. Knowing an id gives no access: the repository decides who may
 * read.
 */

const nodeSchema = z
  .strictObject({
    id: z.string(),
    parent: z.string().nullable().describe('Null for a base image, or if the parent is not in this list'),
    depth: z.int().describe('1 for a base image'),
    layer_size: z.int().describe("Bytes of the image's own layer, as pushed"),
    tags: z.array(z.string()).describe('Tags that point to the image: the first ten by name'),
    tag_count: z.int(),
  })
  .meta({ id: 'ImageNode' });

const getTree = endpoint({
  method: 'get',
  path: '/api/v1.1/repositories/:namespace/:name/images/',
  tag: 'images',
  access: 'optional',
  id: 'listImages',
  summary: 'Show the images of a repository and how they build on each other',
  params: repositoryParams,
  responses: {
    200: {
      description: 'The latest 1000 images, parents before children',
      body: z.strictObject({
        is_cut: z.boolean().describe('Whether there are more images than listed'),
        images: z.array(nodeSchema),
      }),
    },
  },
  handle: async (ctx, input) => {
    const { nodes, isCut } = await imageTree(ctx, await readableAsked(ctx, input));
    const images = nodes.map((node) => ({
      id: node.id,
      parent: node.parentId ?? null,
      depth: node.depth,
      layer_size: node.layerSizeBytes,
      tags: [...node.tags],
      tag_count: node.tagCount,
    }));
    return reply(200, { is_cut: isCut, images });
  },
});

const layerSchema = z
  .strictObject({
    id: z.string().describe('Id of the image that the layer belongs to'),
    layer_size: z.int().describe('Bytes, as pushed'),
    digest: z.string().describe('sha256 of the bytes of the layer, as pushed'),
    checksum: z.string().nullable().describe('What v1 engines compare: sha256 of the json, a line feed and the layer'),
    date_created: moment.nullable(),
    author: z.string().nullable(),
    comment: z.string().nullable(),
    docker_version: z.string().nullable(),
    command: z.string().nullable().describe('The command that created the layer, as in a Dockerfile'),
  })
  .meta({ id: 'Layer' });

const historySchema = z
  .strictObject({
    image_id: z.string(),
    image_size: z.int().describe('Bytes of all layers'),
    is_cut: z.boolean().describe('Whether base layers are missing because an ancestor is still being uploaded'),
    image: imageSchema.nullable().describe('Its configuration; null if its json cannot be read'),
    layers: z
      .array(layerSchema)
      .describe("From the image's own layer down to its base; null for what the image's json does not say"),
  })
  .meta({ id: 'ImageHistory' });

function historyBody({ imageId, totalSizeBytes, isCut, config, layers }: ImageHistory): z.input<typeof historySchema> {
  return {
    image_id: imageId,
    image_size: totalSizeBytes,
    is_cut: isCut,
    image: config === undefined ? null : imageBody(config),
    layers: layers.map((layer) => ({
      id: layer.id,
      layer_size: layer.layerSizeBytes,
      digest: layer.digest,
      checksum: layer.checksum ?? null,
      date_created: layer.createdAt?.toISOString() ?? null,
      author: layer.author ?? null,
      comment: layer.comment ?? null,
      docker_version: layer.dockerVersion ?? null,
      command: layer.command ?? null,
    })),
  };
}

const imageParams = z.object({ ...repositoryParams.shape, image: nameParam });
const historyResponses = { 200: { description: 'The layers', body: historySchema } } as const;

const getHistory = endpoint({
  method: 'get',
  path: '/api/v1.1/repositories/:namespace/:name/images/:image/history/',
  tag: 'images',
  access: 'optional',
  id: 'getImageHistory',
  summary: 'Show the layers of an image and the command that created each',
  params: imageParams,
  responses: historyResponses,
  handle: async (ctx, input) => {
    const which = { imageId: input.params.image };
    return reply(200, historyBody(await imageHistory(ctx, await readableAsked(ctx, input), which)));
  },
});

const getHistoryOfTag = endpoint({
  method: 'get',
  path: '/api/v1.1/repositories/:namespace/:name/tags/:tag/image-history/',
  tag: 'images',
  access: 'optional',
  id: 'getTagImageHistory',
  summary: "Show the layers of a tag's image and the command that created each",
  params: z.object({ ...repositoryParams.shape, tag: nameParam }),
  responses: historyResponses,
  handle: async (ctx, input) => {
    const which = { tag: input.params.tag };
    return reply(200, historyBody(await imageHistory(ctx, await readableAsked(ctx, input), which)));
  },
});

const entrySchema = z
  .strictObject({
    name: z.string(),
    path: z.string(),
    kind: z.enum(['directory', 'file', 'symlink', 'hardlink', 'device', 'pipe', 'other']),
    size: z.int(),
    mode: z.string().describe('Permission bits in octal'),
    uid: z.int(),
    gid: z.int(),
    owner: z.string(),
    group: z.string(),
    last_modified: moment.nullable(),
    link_target: z.string().nullable(),
    is_deleted: z.boolean().describe('Whether the layer deletes it from the layers below'),
  })
  .meta({ id: 'LayerEntry' });

const getFiles = endpoint({
  method: 'get',
  path: '/api/v1.1/repositories/:namespace/:name/images/:image/files/',
  tag: 'images',
  access: 'optional',
  id: 'listLayerFiles',
  summary: "List a directory of an image's own layer",
  description:
    'Files from the layers below are not included. A directory in which the layer changes nothing is returned empty.',
  params: imageParams,
  query: z.strictObject({
    ...pageQuery,
    directory: line(4096).default('/').describe('Absolute path'),
    name: line(255).optional().describe('Part of the file name'),
  }),
  responses: { 200: { description: 'A page of entries, directories first, then by name', body: pageOf(entrySchema) } },
  errors: ['invalid', 'unavailable', 'busy'],
  handle: async (ctx, { req, params, query, caller, signal }) => {
    const wanted = { directory: query.directory, text: query.name, ...rangeOf(query) };
    const repository = await readableAsked(ctx, { caller, params });
    const page = await browseImageFiles(ctx, repository, params.image, wanted, signal);
    const entries = page.entries.map(({ sizeBytes, mode, modifiedAt, linkTarget, isDeleted, ...entry }) => ({
      ...entry,
      size: sizeBytes,
      mode: mode.toString(8).padStart(4, '0'),
      last_modified: modifiedAt?.toISOString() ?? null,
      link_target: linkTarget ?? null,
      is_deleted: isDeleted,
    }));
    return reply(200, paged(ctx, { req, query }, page.total, entries));
  },
});

export const imageEndpoints = [getTree, getHistory, getHistoryOfTag, getFiles];
