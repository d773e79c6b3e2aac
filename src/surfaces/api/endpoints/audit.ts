import { z } from 'zod';
import { readAuditLog } from '../../../features/access/audit-log';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery, rangeOf } from '../paging';
import { line, moment } from './schemas';

const eventSchema = z
  .strictObject({
    id: z.int(),
    at: moment,
    actor: z.string().nullable().describe('Null if unknown'),
    address: z.string(),
    action: z.string(),
    subject: z.string(),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  })
  .meta({ id: 'AuditEvent' });

const filters = {
  user: line(255).optional().describe('What this account did, including login attempts with this username'),
  action: line(255).optional().describe('Prefix of the action, such as login, login.failed or tag'),
  subject: line(255).optional().describe('The account, repository or repository:tag that was affected'),
  since: z.iso.datetime({ offset: true }).optional().describe('Only events at or after this time'),
  until: z.iso.datetime({ offset: true }).optional().describe('Only events before this time'),
};

const dateOf = (text: string | undefined): Date | undefined => (text === undefined ? undefined : new Date(text));

const getAudit = endpoint({
  method: 'get',
  path: '/api/v1.1/audit/',
  tag: 'administration',
  access: 'administrator',
  id: 'listAuditEvents',
  summary: 'Show the audit log: who did what, and from where',
  query: z.strictObject({ ...pageQuery, ...filters }),
  responses: { 200: { description: 'A page of events, newest first', body: pageOf(eventSchema) } },
  handle: async (ctx, { req, query, caller }) => {
    const { user, action, subject } = query;
    const filter = { user, action, subject, since: dateOf(query.since), until: dateOf(query.until) };
    const { total, events } = await readAuditLog(ctx, caller.actor, { ...filter, ...rangeOf(query) });
    const results = events.map(({ at, actor, ...event }) => ({
      ...event,
      at: at.toISOString(),
      actor: actor ?? null,
    }));
    return reply(200, paged(ctx, { req, query }, total, results));
  },
});

export const auditEndpoints = [getAudit];
