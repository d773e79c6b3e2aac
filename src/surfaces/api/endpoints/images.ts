import { z } from 'zod';
import { browseImageFiles } from '../../../features/images/browse';
import { imageHistory, type ImageHistory } from '../../../features/images/history';
import { imageTree } from '../../../features/images/tree';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery, rangeOf } from '../paging';
import { repositoryOf, repositoryParams } from './repositories';
import { line, moment, nameParam } from './schemas';

/* The images of a repository, for people to look at. An id by itself opens nothing: the repository says who may read. */

const nodeSchema = z
  .strictObject({
    id: z.string(),
    parent: z.string().nullable().describe('Null: a base, or it is not among these'),
    depth: z.int().describe('1 for a base'),
    layer_size: z.int().describe('Bytes of its own layer, as it was pushed'),
    tags: z.array(z.string()).describe('That point to it: the first ten by name'),
    tag_count: z.int(),
  })
  .meta({ id: 'ImageNode' });

const getTree = endpoint({
  method: 'get',
  path: '/api/v1.1/repositories/:namespace/:name/images/',
  tag: 'images',
  access: 'optional',
  summary: 'Show the images of a repository, and how they build upon each other',
  params: repositoryParams,
  responses: {
    200: {
      description: 'The 1000 that came last, parents before their children',
      body: z.strictObject({ is_cut: z.boolean().describe('There are more'), images: z.array(nodeSchema) }),
    },
  },
  handle: async (ctx, { params, caller }) => {
    const { nodes, isCut } = await imageTree(ctx, caller.actor, repositoryOf(params));
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
    id: z.string().describe('Of the image that it is the layer of'),
    layer_size: z.int().describe('Bytes, as it was pushed'),
    date_created: moment.nullable(),
    author: z.string().nullable(),
    comment: z.string().nullable(),
    docker_version: z.string().nullable(),
    command: z.string().nullable().describe('What made it, in the words of a Dockerfile'),
  })
  .meta({ id: 'Layer' });

const historySchema = z
  .strictObject({
    image_id: z.string(),
    image_size: z.int().describe('Bytes of all layers'),
    is_cut: z.boolean().describe('The base is missing: an ancestor is being uploaded'),
    layers: z.array(layerSchema).describe("The image's own first, its base last; null is what its json does not say"),
  })
  .meta({ id: 'ImageHistory' });

function historyBody({ imageId, totalSizeBytes, isCut, layers }: ImageHistory): z.input<typeof historySchema> {
  return {
    image_id: imageId,
    image_size: totalSizeBytes,
    is_cut: isCut,
    layers: layers.map((layer) => ({
      id: layer.id,
      layer_size: layer.layerSizeBytes,
      date_created: layer.createdAt?.toISOString() ?? null,
      author: layer.author ?? null,
      comment: layer.comment ?? null,
      docker_version: layer.dockerVersion ?? null,
      command: layer.command ?? null,
    })),
  };
}

const imageParams = z.object({ ...repositoryParams.shape, image: nameParam });
const historyResponses = { 200: { description: 'Its layers', body: historySchema } } as const;

const getHistory = endpoint({
  method: 'get',
  path: '/api/v1.1/repositories/:namespace/:name/images/:image/history/',
  tag: 'images',
  access: 'optional',
  summary: 'Show the layers of an image, and what made each of them',
  params: imageParams,
  responses: historyResponses,
  handle: async (ctx, { params, caller }) => {
    const which = { imageId: params.image };
    return reply(200, historyBody(await imageHistory(ctx, caller.actor, repositoryOf(params), which)));
  },
});

const getHistoryOfTag = endpoint({
  method: 'get',
  path: '/api/v1.1/repositories/:namespace/:name/tags/:tag/image-history/',
  tag: 'images',
  access: 'optional',
  summary: 'Show the layers of the image that a tag points to, and what made each of them',
  params: z.object({ ...repositoryParams.shape, tag: nameParam }),
  responses: historyResponses,
  handle: async (ctx, { params, caller }) => {
    const which = { tag: params.tag };
    return reply(200, historyBody(await imageHistory(ctx, caller.actor, repositoryOf(params), which)));
  },
});

const entrySchema = z
  .strictObject({
    name: z.string(),
    path: z.string(),
    kind: z.enum(['directory', 'file', 'symlink', 'hardlink', 'device', 'pipe', 'other']),
    size: z.int(),
    mode: z.string().describe('The bits of chmod, in octal'),
    uid: z.int(),
    gid: z.int(),
    owner: z.string(),
    group: z.string(),
    last_modified: moment.nullable(),
    link_target: z.string().nullable(),
    is_deleted: z.boolean().describe('The layer takes it away from those below'),
  })
  .meta({ id: 'LayerEntry' });

const getFiles = endpoint({
  method: 'get',
  path: '/api/v1.1/repositories/:namespace/:name/images/:image/files/',
  tag: 'images',
  access: 'optional',
  summary: "List a directory of an image's own layer",
  description: 'What the layers below have is not in it. A directory that the layer has nothing in is empty.',
  params: imageParams,
  query: z.object({
    ...pageQuery,
    directory: line(4096).default('/').describe('From the root'),
    name: line(255).optional().describe('A part of the name'),
  }),
  responses: { 200: { description: 'A page of it, directories first, then by name', body: pageOf(entrySchema) } },
  errors: ['invalid', 'unavailable', 'busy'],
  handle: async (ctx, { req, params, query, caller, signal }) => {
    const asker = { actor: caller.actor, signal };
    const wanted = { directory: query.directory, text: query.name, ...rangeOf(query) };
    const page = await browseImageFiles(ctx, asker, repositoryOf(params), params.image, wanted);
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
