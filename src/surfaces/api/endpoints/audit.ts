import { z } from 'zod';
import { countEvents, listEvents } from '../../../features/audit/audit';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery, rangeOf } from '../paging';
import { line, moment } from './schemas';

const eventSchema = z
  .strictObject({
    id: z.int(),
    at: moment,
    actor: z.string().nullable().describe('Null: nobody that is known'),
    address: z.string(),
    action: z.string(),
    subject: z.string(),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  })
  .meta({ id: 'AuditEvent' });

const filters = {
  user: line(255).optional().describe('What this account did, and logins under this name'),
  action: line(255).optional().describe('How the action begins: login, login.failed, tag'),
  subject: line(255).optional().describe('The account, repository or repository:tag that it happened to'),
  since: z.iso.datetime({ offset: true }).optional().describe('No older than this'),
  until: z.iso.datetime({ offset: true }).optional().describe('Only what is older than this'),
};

const dateOf = (text: string | undefined): Date | undefined => (text === undefined ? undefined : new Date(text));

const getAudit = endpoint({
  method: 'get',
  path: '/api/v1.1/audit/',
  tag: 'administration',
  access: 'administrator',
  summary: 'Show who did what from where',
  query: z.object({ ...pageQuery, ...filters }),
  responses: { 200: { description: 'A page of events, the newest first', body: pageOf(eventSchema) } },
  handle: async (ctx, { req, query }) => {
    const { user, action, subject } = query;
    const filter = { user, action, subject, since: dateOf(query.since), until: dateOf(query.until) };
    const events = await listEvents(ctx, { ...filter, ...rangeOf(query) });
    const results = events.map(({ at, actor, ...event }) => ({
      ...event,
      at: at.toISOString(),
      actor: actor ?? null,
    }));
    return reply(200, paged(ctx, { req, query }, await countEvents(ctx, filter), results));
  },
});

export const auditEndpoints = [getAudit];
