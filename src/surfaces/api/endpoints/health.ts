import { z } from 'zod';
import { getHealth as lookAtHealth, isHealthy } from '../../../features/maintenance/health';
import { endpoint, reply } from '../endpoint';

const state = z.enum(['ok', 'failed']);
const healthSchema = z
  .strictObject({
    status: state,
    database: state,
    storage: z.enum(['ok', 'full', 'failed']).describe('`full`: layers are refused, everything else works'),
  })
  .meta({ id: 'Health' });

const getHealth = endpoint({
  method: 'get',
  path: '/api/v1.1/health/',
  tag: 'administration',
  access: 'open',
  id: 'getHealth',
  summary: 'Report server health',
  responses: {
    200: { description: 'Healthy', body: healthSchema },
    503: { description: 'A component the server depends on is not responding', body: healthSchema },
  },
  handle: async (ctx) => {
    const health = await lookAtHealth(ctx);
    const { database, storage } = health; // what is wrong with the storage is not for everybody
    if (isHealthy(health)) return reply(200, { status: 'ok' as const, database, storage });
    return reply(503, { status: 'failed' as const, database, storage });
  },
});

export const healthEndpoints = [getHealth];
