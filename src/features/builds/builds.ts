import type { Needs } from '../../context';
import type { Range } from '../../platform/db/query';
import { AppError } from '../../platform/errors';
import type { ReadableRepository } from '../repositories/access';
import * as store from './builds.store';

export type { BuildCause, BuildFilter, BuildState, RefType } from './builds.store';

/*
 * Automated builds: an image is built from each push to a git repository.
 *
 *   sources.ts      where the source is, and how the builder reads it; makes the repository an automated one
 *   rules.ts        which refs of the source become which tags
 *   queue.ts        a cause becomes builds that wait, at most one for each rule and ref
 *   running.ts      what the builder process (`src/builder/`) records while it builds
 *   build-log.ts    the output of a build, in pieces that are read from any host
 *   build-token.ts  what a build may pull and push
 *   commit-url.ts   where people see its commit
 *
 * See `docs/decisions/0041-automated-builds.md`.
 */

/** A build, as those see it who may read its repository. */
export interface Build {
  readonly id: number;
  readonly state: store.BuildState;
  readonly cause: store.BuildCause;
  /** who or what asked for it: a username, or the base repository of a link */
  readonly requestedBy: string | undefined;
  readonly refType: store.RefType;
  readonly refName: string;
  /** undefined: not known yet; before the build starts, what the hook said */
  readonly commit: { readonly hash: string; readonly message: string; readonly author: string } | undefined;
  readonly dockerfilePath: string;
  readonly contextPath: string;
  /** with `{sha}` in it until the commit is known */
  readonly tag: string;
  /** of the manifest that was pushed */
  readonly digest: string | undefined;
  /** why it failed or was cancelled, in a sentence */
  readonly error: string | undefined;
  readonly createdAt: Date;
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  /** the builder was asked to stop */
  readonly isCancelRequested: boolean;
  readonly logBytes: number;
  /** all steps were to be run again */
  readonly noCache: boolean;
}

export function buildFrom(row: store.BuildRow): Build {
  return {
    id: row.id,
    state: row.state,
    cause: row.cause,
    requestedBy: row.requested_name ?? undefined,
    refType: row.ref_type,
    refName: row.ref_name,
    commit:
      row.commit_hash === null
        ? undefined
        : { hash: row.commit_hash, message: row.commit_message ?? '', author: row.commit_author ?? '' },
    dockerfilePath: row.dockerfile_path,
    contextPath: row.context_path,
    tag: row.tag,
    digest: row.digest ?? undefined,
    error: row.error ?? undefined,
    createdAt: row.created_at,
    startedAt: row.started_at ?? undefined,
    finishedAt: row.finished_at ?? undefined,
    isCancelRequested: row.is_cancel_requested,
    logBytes: row.log_bytes,
    noCache: row.no_cache,
  };
}

/** A page of the builds of a repository, the newest first. */
export async function listBuilds(
  ctx: Needs<'db'>,
  repository: ReadableRepository,
  filter: store.BuildFilter,
  range: Range,
): Promise<{ readonly total: number; readonly builds: Build[] }> {
  const { total, rows } = await store.list(ctx.db, repository.id, filter, range);
  return { total, builds: rows.map(buildFrom) };
}

/**
 * One build of a repository.
 *
 * @throws AppError `not_found`
 */
export async function getBuild(ctx: Needs<'db'>, repository: ReadableRepository, id: number): Promise<Build> {
  const row = Number.isSafeInteger(id) ? await store.find(ctx.db, repository.id, id) : undefined;
  if (row === undefined) throw new AppError('not_found', 'Build not found');
  return buildFrom(row);
}

/** What a status badge says: how the newest build ended; `none` before the first has. */
export async function badgeState(
  ctx: Needs<'db'>,
  repository: ReadableRepository,
  filter: store.BadgeFilter = {},
): Promise<'success' | 'error' | 'none'> {
  return (await store.findLastState(ctx.db, repository.id, filter)) ?? 'none';
}

/** How long a build took, in milliseconds. */
export interface BuildTime {
  readonly id: number;
  readonly state: 'success' | 'error';
  readonly createdAt: Date;
  readonly ms: number;
}

/** How long the last builds took that were not cancelled, the oldest first. */
export async function listBuildTimes(
  ctx: Needs<'db'>,
  repository: ReadableRepository,
  limit: number,
): Promise<BuildTime[]> {
  const rows = await store.listTimes(ctx.db, repository.id, limit);
  return rows.map(({ id, state, created_at: createdAt, ms }) => ({ id, state, createdAt, ms })).reverse();
}

/** How long a builder may be silent, which gives a sign of life each ten seconds. */
const SILENT_MS = 60_000;

/** Whether any builder runs: without one, builds wait. */
export async function isBuilderRunning(ctx: Needs<'db'>): Promise<boolean> {
  return store.hasBuilder(ctx.db, SILENT_MS);
}
