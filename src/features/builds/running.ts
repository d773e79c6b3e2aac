import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { isUniqueViolation } from '../../platform/db/sqlstate';
import { AppError } from '../../platform/errors';
import { requeue } from '../../platform/jobs/queue';
import { ensureTokenKey } from '../accounts/token-key';
import { BUILDER, recordEvent } from '../audit/audit';
import { displayName } from '../repositories/names';
import { unsealSecrets, type Values } from './build-inputs';
import type { RefType } from './builds.store';
import { unsealCredential, type Credential } from './credentials';
import { noteState } from './linked/statuses-queue';
import { noteEnd } from './notices-queue';
import { BUILD_JOB, jobOptions } from './queue';
import * as store from './running.store';
import { tagForCommit } from './tag-template';

/*
 * What the builder process records while it builds. A build belongs to the builder that has claimed it, until it ends or
 * the builder gives no sign of life for a minute; from then on every function here tells that builder that the build is
 * lost, and changes nothing.
 */

/** How often a builder must call `heartbeat`, and after which silence its builds are given back; in milliseconds. */
export const ALIVE = { everyMs: 1000, lostAfterMs: 60_000 } as const;

/** How often a build is begun before a builder that stops counts as its failure. */
const ATTEMPTS = 2;

/** The longest text of a Dockerfile that is kept, in characters. */
const DOCKERFILE_CHARACTERS = 256 * 1024;

/** A build and the builder that has claimed it. */
export interface BuildHolder {
  readonly buildId: number;
  /** `host:pid` */
  readonly builder: string;
}

/** What a builder needs to know to build. */
export interface ClaimedBuild {
  readonly id: number;
  readonly repository: { readonly id: number; readonly namespace: string; readonly name: string };
  readonly sourceId: number;
  readonly provider: string;
  readonly cloneUrl: string;
  /** for cloning; undefined: the source is public */
  readonly credential: Credential | undefined;
  readonly refType: RefType;
  readonly refName: string;
  /** the commit that a hook named: only a hint, as the ref may have moved on */
  readonly commitHint: string | undefined;
  readonly dockerfilePath: string;
  readonly contextPath: string;
  /** with `{sha}` in it until `noteCommit` */
  readonly tag: string;
  readonly allowsNetwork: boolean;
  /** values of ARG, by name */
  readonly buildArguments: Values;
  /** for RUN --mount=type=secret, by name */
  readonly secrets: Values;
  /** the README in the folder of the Dockerfile becomes the description of the repository */
  readonly syncsDescription: boolean;
  /** false: all steps are run again */
  readonly usesCache: boolean;
  /** 1, or 2 after a builder that stopped */
  readonly attempt: number;
}

/**
 * Claims a build: from then on it is `building`, and this builder has to call `heartbeat`.
 *
 * @returns undefined when it need not be built, because it was cancelled, has ended or is gone: the job is done then
 * @throws AppError `busy` while another build of the repository runs: the job has to be tried again
 */
export async function claimBuild(
  ctx: Needs<'db'>,
  { buildId, builder }: BuildHolder,
): Promise<ClaimedBuild | undefined> {
  const row = await store.claim(ctx.db, buildId, builder).catch((error: unknown) => {
    if (isUniqueViolation(error)) return undefined;
    throw error;
  });
  if (row !== undefined) {
    await noteState(ctx.db, buildId);
    return claimedFrom(await ensureTokenKey(ctx), row);
  }
  const now = await store.findState(ctx.db, buildId);
  if (now?.state !== 'queued') return undefined;
  if (now.has_source) throw new AppError('busy', 'Another build of this repository is running');
  await inTransaction(ctx.db, (tx) => endWaiting(tx, buildId, 'The source of the repository was removed'));
  return undefined;
}

function claimedFrom(tokenKey: Buffer, row: store.ClaimedRow): ClaimedBuild {
  const { source_id: sourceId, sealed_credential: sealed } = row;
  return {
    id: row.id,
    repository: { id: row.repository_id, namespace: row.namespace, name: row.name },
    sourceId,
    provider: row.provider,
    cloneUrl: row.clone_url,
    credential: sealed === null ? undefined : unsealCredential(tokenKey, sourceId, sealed),
    refType: row.ref_type,
    refName: row.ref_name,
    commitHint: row.commit_hash ?? undefined,
    dockerfilePath: row.dockerfile_path,
    contextPath: row.context_path,
    tag: row.tag,
    allowsNetwork: row.allows_network,
    buildArguments: row.build_arguments,
    secrets: unsealSecrets(tokenKey, sourceId, row.sealed_secrets),
    syncsDescription: row.syncs_description,
    usesCache: !row.no_cache,
    attempt: row.attempts,
  };
}

/** Cancels a build that waits. @returns false when it does not wait */
export async function endWaiting(tx: Db, id: number, error: string): Promise<boolean> {
  return end(tx, id, undefined, { state: 'cancelled', error });
}

/** Records a sign of life. @returns `cancel`: the build has to stop; `lost`: it is no longer this builder's */
export async function heartbeat(
  ctx: Needs<'db'>,
  { buildId, builder }: BuildHolder,
): Promise<'continue' | 'cancel' | 'lost'> {
  const row = await store.heartbeat(ctx.db, buildId, builder);
  if (row === undefined) return 'lost';
  return row.is_cancel_requested ? 'cancel' : 'continue';
}

/**
 * Records the commit that the ref has, which is built now.
 *
 * @returns the tag to push to; `builtBy`: the build that has built the same already, so that this one is left out, by
 *   `finishBuild` with `cancelled`; undefined when the build is no longer this builder's
 */
export async function noteCommit(
  ctx: Needs<'db'>,
  { buildId, builder }: BuildHolder,
  commit: { readonly hash: string; readonly message: string; readonly author: string },
): Promise<{ readonly tag: string; readonly builtBy: number | undefined } | undefined> {
  const template = await store.findTag(ctx.db, buildId);
  if (template === undefined) return undefined;
  const tag = tagForCommit(template, commit.hash);
  const values = {
    hash: commit.hash,
    message: commit.message.replaceAll('\0', '').slice(0, 2000),
    author: commit.author.replaceAll('\0', '').slice(0, 200),
    tag,
  };
  const noted = await store.noteCommit(ctx.db, buildId, builder, values);
  if (noted === undefined) return undefined;
  await noteState(ctx.db, buildId);
  return { tag, builtBy: noted.built_by ?? undefined };
}

/**
 * Keeps the text of the Dockerfile, for pages and for the webhooks of the push: before the push.
 *
 * @returns false when the build is no longer this builder's
 */
export async function noteDockerfile(
  ctx: Needs<'db'>,
  { buildId, builder }: BuildHolder,
  text: string,
): Promise<boolean> {
  const kept = text.replaceAll('\0', '').slice(0, DOCKERFILE_CHARACTERS);
  return store.setDockerfile(ctx.db, buildId, builder, kept);
}

/** How a build ended. */
export type BuildEnd =
  | {
      readonly state: 'success';
      /** of the manifest that was pushed */
      readonly digest: string;
    }
  /** `error`: one sentence for people */
  | { readonly state: 'error'; readonly error: string }
  | { readonly state: 'cancelled'; readonly error?: string };

async function end(tx: Db, id: number, builder: string | undefined, values: store.EndValues): Promise<boolean> {
  const ended = await store.finish(tx, id, builder, values);
  if (ended === undefined) return false;
  const details = { build: id, state: values.state, tag: ended.tag };
  await recordEvent(tx, BUILDER, { action: 'build.finished', subject: displayName(ended), details });
  await noteState(tx, id);
  await noteEnd(tx, id);
  return true;
}

/** Ends a build that this builder has. @returns false when it no longer has it, and nothing changed */
export async function finishBuild(
  ctx: Needs<'db'>,
  { buildId, builder }: BuildHolder,
  ending: BuildEnd,
): Promise<boolean> {
  return inTransaction(ctx.db, (tx) => end(tx, buildId, builder, ending));
}

/**
 * Gives builds back whose builder has stopped: each once, then it has failed.
 *
 * @param olderThanMs - how long a builder must have been silent
 * @returns how many there were
 */
export async function returnStoppedBuilds(ctx: Needs<'db'>, olderThanMs: number = ALIVE.lostAfterMs): Promise<number> {
  return inTransaction(ctx.db, async (tx) => {
    const stopped = await store.lockStopped(tx, olderThanMs);
    for (const build of stopped) {
      if (build.is_cancel_requested) await end(tx, build.id, build.builder, { state: 'cancelled' });
      else if (build.attempts >= ATTEMPTS)
        await end(tx, build.id, build.builder, { state: 'error', error: 'The builder stopped twice' });
      else if (build.is_replaced)
        await end(tx, build.id, build.builder, {
          state: 'cancelled',
          error: 'The builder stopped, and a newer build waits',
        });
      else await store.putBack(tx, build.id);
      await requeue(tx, BUILD_JOB, { buildId: build.id }, jobOptions(build.id, build.repository_id));
    }
    return stopped.length;
  });
}

/** Cancels all builds that wait or are being built, when no job brings them to a builder any longer. */
export async function cancelOpenBuilds(tx: Db, error: string): Promise<void> {
  await store.cancelOpen(tx, error);
}

/** Records that a builder lives, whether it builds or not: at its start, and then each ten seconds or so. */
export async function noteBuilder(ctx: Needs<'db'>, name: string): Promise<void> {
  await store.noteBuilder(ctx.db, name);
}

/** Forgets a builder that stops. */
export async function removeBuilder(ctx: Needs<'db'>, name: string): Promise<void> {
  await store.removeBuilder(ctx.db, name);
}

/** Which of some sources exist: a builder removes what it keeps for others. */
export async function existingSources(ctx: Needs<'db'>, ids: readonly number[]): Promise<ReadonlySet<number>> {
  return new Set(await store.findSources(ctx.db, ids));
}
