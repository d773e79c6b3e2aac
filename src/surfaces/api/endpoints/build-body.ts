import { z } from 'zod';
import type { Build } from '../../../features/builds/builds';
import { moment } from './schemas';

/* A build, as the API shows it. */

const STATES = ['queued', 'building', 'success', 'error', 'cancelled'] as const;
const CAUSES = ['hook', 'trigger', 'manual', 'schedule', 'link', 'retry'] as const;

export const stateSchema = z.enum(STATES);
export const refTypeSchema = z.enum(['branch', 'tag']);

export const buildSchema = z
  .strictObject({
    id: z.int(),
    state: stateSchema,
    cause: z.enum(CAUSES),
    requested_by: z.string().nullable().describe('A username, or the base repository of a link'),
    source_type: refTypeSchema,
    source_name: z.string().describe('The branch or tag'),
    commit: z
      .strictObject({ hash: z.string(), message: z.string(), author: z.string() })
      .nullable()
      .describe('Until the build starts, what the hook said'),
    dockerfile_path: z.string(),
    context_path: z.string(),
    docker_tag: z.string().describe('With {sha} in it until the commit is known'),
    digest: z.string().nullable().describe('The manifest that was pushed'),
    error: z.string().nullable().describe('Why it failed or was cancelled'),
    is_cancel_requested: z.boolean(),
    no_cache: z.boolean().describe('No layers of earlier builds are used'),
    log_bytes: z.int(),
    date_created: moment,
    date_started: moment.nullable(),
    date_finished: moment.nullable(),
  })
  .meta({ id: 'Build' });

export function buildBody(build: Build): z.input<typeof buildSchema> {
  return {
    id: build.id,
    state: build.state,
    cause: build.cause,
    requested_by: build.requestedBy ?? null,
    source_type: build.refType,
    source_name: build.refName,
    commit: build.commit ?? null,
    dockerfile_path: build.dockerfilePath,
    context_path: build.contextPath,
    docker_tag: build.tag,
    digest: build.digest ?? null,
    error: build.error ?? null,
    is_cancel_requested: build.isCancelRequested,
    no_cache: build.noCache,
    log_bytes: build.logBytes,
    date_created: build.createdAt.toISOString(),
    date_started: build.startedAt?.toISOString() ?? null,
    date_finished: build.finishedAt?.toISOString() ?? null,
  };
}
