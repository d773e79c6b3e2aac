import { z } from 'zod';
import { healthOf } from '../../../platform/health';
import { endpoint, reply } from '../endpoint';

const state = z.enum(['ok', 'failed']);
const healthSchema = z.strictObject({ status: state, database: state, storage: state }).meta({ id: 'Health' });

const getHealth = endpoint({
  method: 'get',
  path: '/api/v1.1/health/',
  tag: 'administration',
  access: 'open',
  summary: 'Say whether the server can work',
  responses: {
    200: { description: 'It can', body: healthSchema },
    503: { description: 'A part that it needs does not answer', body: healthSchema },
  },
  handle: async (ctx) => {
    const database = await healthOf(Promise.resolve(ctx.db.raw('select 1')));
    const storage = await healthOf(ctx.blobs.check());
    if (database === 'ok' && storage === 'ok') return reply(200, { status: 'ok' as const, database, storage });
    return reply(503, { status: 'failed' as const, database, storage });
  },
});

export const healthEndpoints = [getHealth];
