import { z } from 'zod';
import {
  cancelMaintenance,
  getMaintenance,
  listMaintenance,
  startMaintenance,
  type MaintenanceRun,
} from '../../../features/maintenance/runs';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery, rangeOf } from '../paging';
import { idParam, moment } from './schemas';

/* Runs of gc and scrub that administrators start and watch. */

const PATH = '/api/v1.1/maintenance/';
const FACTS = { tag: 'administration', access: 'administrator', requiresPasswordLogin: true } as const;
const kindSchema = z.enum(['gc_dry_run', 'gc', 'scrub']);
const params = z.object({ id: idParam });

const runSchema = z
  .strictObject({
    id: z.int(),
    kind: kindSchema,
    state: z.enum(['waiting', 'running', 'finished', 'failed', 'cancelled', 'broken_off']),
    requested_by: z.string(),
    requested_at: moment,
    started_at: moment.nullable(),
    finished_at: moment.nullable(),
    is_cancel_requested: z.boolean(),
    progress: z.record(z.string(), z.number()),
    result: z.record(z.string(), z.unknown()).nullable().describe('The result, once the run has finished'),
    error: z.string().nullable(),
  })
  .meta({ id: 'MaintenanceRun' });

function runBody(run: MaintenanceRun): z.input<typeof runSchema> {
  return {
    id: run.id,
    kind: run.kind,
    state: run.state,
    requested_by: run.requestedBy,
    requested_at: run.requestedAt.toISOString(),
    started_at: run.startedAt?.toISOString() ?? null,
    finished_at: run.finishedAt?.toISOString() ?? null,
    is_cancel_requested: run.isCancelRequested,
    progress: run.progress,
    result: run.result ?? null,
    error: run.error ?? null,
  };
}

const getRuns = endpoint({
  ...FACTS,
  method: 'get',
  path: PATH,
  id: 'listMaintenanceRuns',
  summary: 'List the gc and scrub runs started by administrators',
  query: z.strictObject(pageQuery),
  responses: { 200: { description: 'A page of runs, newest first', body: pageOf(runSchema) } },
  handle: async (ctx, { req, query, caller }) => {
    const { total, runs } = await listMaintenance(ctx, caller.actor, rangeOf(query));
    return reply(200, paged(ctx, { req, query }, total, runs.map(runBody)));
  },
});

const postRun = endpoint({
  ...FACTS,
  method: 'post',
  path: PATH,
  id: 'startMaintenanceRun',
  summary: 'Start a gc, gc dry run or scrub in the background',
  body: z.strictObject({ kind: kindSchema }),
  responses: { 201: { description: 'The run is queued', body: runSchema, headers: { Location: 'Path of the run' } } },
  errors: ['conflict'],
  handle: async (ctx, { body, caller }) => {
    const run = await startMaintenance(ctx, caller.actor, body.kind);
    return reply(201, runBody(run), { Location: `${PATH}${run.id}/` });
  },
});

const getRun = endpoint({
  ...FACTS,
  method: 'get',
  path: `${PATH}:id/`,
  id: 'getMaintenanceRun',
  summary: 'Show the progress or the result of a run',
  params,
  responses: { 200: { description: 'The run', body: runSchema } },
  errors: ['not_found'],
  handle: async (ctx, { params: { id }, caller }) => reply(200, runBody(await getMaintenance(ctx, caller.actor, id))),
});

const postCancel = endpoint({
  ...FACTS,
  method: 'post',
  path: `${PATH}:id/cancel/`,
  id: 'cancelMaintenanceRun',
  summary: 'Cancel a run; what gc has already freed stays freed',
  params,
  responses: { 200: { description: 'The run, which stops within seconds', body: runSchema } },
  errors: ['not_found', 'conflict'],
  handle: async (ctx, { params: { id }, caller }) =>
    reply(200, runBody(await cancelMaintenance(ctx, caller.actor, id))),
});

export const maintenanceEndpoints = [getRuns, postRun, getRun, postCancel];
