import { z } from 'zod';
import { storageReport, type NamespaceStorage } from '../../../features/maintenance/storage-report';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery, rangeOf } from '../paging';
import { moment } from './schemas';

/* The stored layers, in total and by namespace. */

const namespaceSchema = z
  .strictObject({
    namespace: z.string(),
    repositories: z.int(),
    images: z.int().describe('An image in two of its repositories counts twice'),
    layers: z.int().describe('Each layer once; a layer shared with another namespace counts in both'),
    bytes: z.int().describe('Bytes of these layers'),
    limit: z.int().nullable().describe('Bytes that the namespace may have; null for no limit'),
  })
  .meta({ id: 'NamespaceStorage' });

function namespaceBody({ limitBytes, ...use }: NamespaceStorage): z.input<typeof namespaceSchema> {
  return { ...use, limit: limitBytes ?? null };
}

const storageSchema = pageOf(namespaceSchema)
  .extend({
    as_of: moment,
    repositories: z.int(),
    images: z.int().describe('An image in several repositories counts once'),
    blobs: z.int(),
    bytes: z.int().describe('Bytes of all blobs, each counted once'),
    damaged_layers: z.int(),
    verified_last_week: z.int().describe('Blobs verified in the last seven days'),
    never_verified: z.int(),
    oldest_verification: moment.nullable(),
    layers_read: z.int().describe('Layers of images pushed over v1 that were read for clients of v2'),
    layers_unread: z.int().describe('Layers of images pushed over v1 that still have to be read'),
    layers_unreadable: z.int().describe('Layers that were read and that clients of v2 cannot get'),
  })
  .meta({ id: 'StorageReport' });

const getStorage = endpoint({
  method: 'get',
  path: '/api/v1.1/storage/',
  tag: 'administration',
  access: 'administrator',
  requiresPasswordLogin: true,
  id: 'getStorageUse',
  summary: 'Show storage use by namespace and in total',
  query: z.strictObject(pageQuery),
  responses: {
    200: {
      description: 'A page of namespaces, largest first, with the totals; up to an hour old, see `as_of`',
      body: storageSchema,
    },
  },
  handle: async (ctx, { req, query, caller }) => {
    const report = await storageReport(ctx, caller.actor, rangeOf(query));
    const { repositories, images, blobs, bytes, verification, reading } = report;
    return reply(200, {
      ...paged(ctx, { req, query }, report.total, report.namespaces.map(namespaceBody)),
      as_of: report.asOf.toISOString(),
      ...{ repositories, images, blobs, bytes },
      damaged_layers: report.damagedLayers,
      verified_last_week: verification.lastWeek,
      never_verified: verification.never,
      oldest_verification: verification.oldest?.toISOString() ?? null,
      layers_read: reading.done,
      layers_unread: reading.left,
      layers_unreadable: reading.unreadable,
    });
  },
});

export const storageEndpoints = [getStorage];
