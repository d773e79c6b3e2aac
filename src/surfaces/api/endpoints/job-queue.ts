import { z } from 'zod';
import { dropJob, listJobs, retryJob } from '../../../features/maintenance/job-queue';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery, rangeOf } from '../paging';
import { idParam, moment } from './schemas';

/* The queue of jobs, for administrators. */

const FACTS = { tag: 'administration', access: 'administrator', requiresPasswordLogin: true } as const;
const stateSchema = z.enum(['waiting', 'running', 'failed']);
const params = z.object({ id: idParam });

const jobSchema = z
  .strictObject({
    id: z.int(),
    name: z.string(),
    state: stateSchema.describe('`waiting` includes jobs that failed and will be retried'),
    attempts: z.int(),
    max_attempts: z.int(),
    last_error: z.string().nullable(),
    run_at: moment.describe('The job does not run before this time'),
    created_at: moment,
  })
  .meta({ id: 'QueuedJob' });

const getJobs = endpoint({
  ...FACTS,
  method: 'get',
  path: '/api/v1.1/jobs/',
  id: 'listJobs',
  summary: 'List waiting, running and failed jobs',
  query: z.strictObject({ ...pageQuery, state: stateSchema.optional() }),
  responses: { 200: { description: 'A page of jobs, those due first at the top', body: pageOf(jobSchema) } },
  handle: async (ctx, { req, query, caller }) => {
    const { total, jobs } = await listJobs(ctx, caller.actor, { state: query.state, ...rangeOf(query) });
    const results = jobs.map((job) => ({
      id: job.id,
      name: job.name,
      state: job.state,
      attempts: job.attempts,
      max_attempts: job.maxAttempts,
      last_error: job.lastError ?? null,
      run_at: job.runAt.toISOString(),
      created_at: job.createdAt.toISOString(),
    }));
    return reply(200, paged(ctx, { req, query }, total, results));
  },
});

const postRetry = endpoint({
  ...FACTS,
  method: 'post',
  path: '/api/v1.1/jobs/:id/retry/',
  id: 'retryJob',
  summary: 'Retry a failed or waiting job now',
  params,
  responses: { 204: { description: 'The job will run now' } },
  errors: ['not_found', 'conflict'],
  handle: async (ctx, { params: { id }, caller }) => {
    await retryJob(ctx, caller.actor, id);
    return reply(204);
  },
});

const deleteJob = endpoint({
  ...FACTS,
  method: 'delete',
  path: '/api/v1.1/jobs/:id/',
  id: 'deleteJob',
  summary: 'Delete a job without running it',
  params,
  responses: { 204: { description: 'Deleted' } },
  errors: ['not_found', 'conflict'],
  handle: async (ctx, { params: { id }, caller }) => {
    await dropJob(ctx, caller.actor, id);
    return reply(204);
  },
});

export const jobQueueEndpoints = [getJobs, postRetry, deleteJob];
