import { z } from 'zod';
import { storageReport } from '../../../features/maintenance/storage-report';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery, rangeOf } from '../paging';
import { moment } from './schemas';

/* What is stored, and for whom. */

const namespaceSchema = z
  .strictObject({
    namespace: z.string(),
    repositories: z.int(),
    images: z.int().describe('One that two of its repositories have counts twice'),
    layers: z.int().describe('Each once; one that another namespace has, too, counts there as well'),
    bytes: z.int().describe('Of these layers'),
  })
  .meta({ id: 'NamespaceStorage' });

const storageSchema = pageOf(namespaceSchema)
  .extend({
    as_of: moment,
    repositories: z.int(),
    images: z.int().describe('One that several repositories have counts once'),
    blobs: z.int(),
    bytes: z.int().describe('Of all blobs, each once'),
    damaged_layers: z.int(),
    verified_last_week: z.int().describe('Blobs that were read back in the last seven days'),
    never_verified: z.int(),
    oldest_verification: moment.nullable(),
  })
  .meta({ id: 'StorageReport' });

const getStorage = endpoint({
  method: 'get',
  path: '/api/v1.1/storage/',
  tag: 'administration',
  access: 'administrator',
  isForAccountItself: true,
  summary: 'Show what is stored by namespace and in all',
  query: z.object(pageQuery),
  responses: {
    200: {
      description: 'A page of the namespaces, the biggest first, with the totals; up to an hour old, as `as_of` says',
      body: storageSchema,
    },
  },
  handle: async (ctx, { req, query, caller }) => {
    const report = await storageReport(ctx, caller.actor, rangeOf(query));
    const { repositories, images, blobs, bytes, verification } = report;
    return reply(200, {
      ...paged(ctx, { req, query }, report.total, [...report.namespaces]),
      as_of: report.asOf.toISOString(),
      ...{ repositories, images, blobs, bytes },
      damaged_layers: report.damagedLayers,
      verified_last_week: verification.lastWeek,
      never_verified: verification.never,
      oldest_verification: verification.oldest?.toISOString() ?? null,
    });
  },
});

export const storageEndpoints = [getStorage];
