import type { Needs } from '../../context';
import type { ReadableRepository } from '../repositories/access';
import * as store from './build-log.store';
import { getBuild, type BuildState } from './builds';
import { cleanLogText } from './log-text';
import type { BuildHolder } from './running';

/* The output of a build, in chunks with rising numbers: a reader asks for those after the last one that it has. */

export const LOG_LIMITS = {
  /** UTF-8 bytes of one chunk */
  chunkBytes: 64 * 1024,
  /** UTF-8 bytes of the log of a build */
  totalBytes: 10 * 1024 * 1024,
} as const;

const LEFT_OUT = '\nThe log is longer than 10 MiB: the rest of it is left out.\n';

/** Pieces of at most `chunkBytes` in UTF-8, in which a character has at most four bytes. */
function piecesOf(text: string): string[] {
  const characters = LOG_LIMITS.chunkBytes / 4;
  const pieces: string[] = [];
  for (let at = 0; at < text.length;) {
    const last = text.codePointAt(at + characters - 1) ?? 0;
    const end = at + characters - (last > 0xffff && at + characters < text.length ? 1 : 0);
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces;
}

/**
 * Adds output to the log of a running build. Secrets are masked, and only the terminal sequences for colours stay. What
 * is beyond the longest log is left out, and a line says so once.
 *
 * @param text - whole lines, so that no secret is in two calls
 * @param secrets - what must not be in the log
 * @returns false when the log is full, or the build is no longer this builder's: more output need not be sent
 */
export async function appendLog(
  ctx: Needs<'db'>,
  { buildId, builder }: BuildHolder,
  text: string,
  secrets: readonly string[] = [],
): Promise<boolean> {
  const longest = LOG_LIMITS.totalBytes - LEFT_OUT.length;
  for (const piece of piecesOf(cleanLogText(text, secrets))) {
    if (await store.append(ctx.db, { buildId, builder, longest }, piece)) continue;
    await store.appendLast(ctx.db, { buildId, builder, longest: LOG_LIMITS.totalBytes }, LEFT_OUT);
    return false;
  }
  return true;
}

/** A part of a log. */
export interface LogPart {
  readonly chunks: readonly { readonly seq: number; readonly at: Date; readonly text: string }[];
  /** the number after which to read on */
  readonly last: number;
  /** the build has ended, and this is the end of its log */
  readonly isComplete: boolean;
  readonly state: BuildState;
}

type Chunk = LogPart['chunks'][number];

/** So many chunks have at most 4 MiB. */
const CHUNKS_AT_ONCE = 64;

/**
 * Reads the log of a build from a chunk on.
 *
 * @param after - the number of the last chunk that the caller has; 0: none
 * @throws AppError `not_found`
 */
export async function readLog(
  ctx: Needs<'db'>,
  repository: ReadableRepository,
  buildId: number,
  after = 0,
): Promise<LogPart> {
  // The state is read first: what a build wrote before its end is then complete.
  const { state } = await getBuild(ctx, repository, buildId);
  const chunks = await store.listAfter(ctx.db, buildId, after, CHUNKS_AT_ONCE);
  const hasEnded = state !== 'queued' && state !== 'building';
  const isComplete = hasEnded && chunks.length < CHUNKS_AT_ONCE;
  return { chunks, last: chunks.at(-1)?.seq ?? after, isComplete, state };
}

/**
 * Reads the end of the log of a build.
 *
 * @param bytes - the most UTF-8 bytes to read
 * @returns `isWhole`: nothing before it was left out
 * @throws AppError `not_found`
 */
export async function readLogEnd(
  ctx: Needs<'db'>,
  repository: ReadableRepository,
  buildId: number,
  bytes: number,
): Promise<{ readonly chunks: readonly Chunk[]; readonly last: number; readonly isWhole: boolean }> {
  const { logBytes } = await getBuild(ctx, repository, buildId);
  const chunks = await store.listEnd(ctx.db, buildId, bytes);
  return { chunks, last: chunks.at(-1)?.seq ?? 0, isWhole: logBytes === 0 || chunks[0]?.seq === 1 };
}

/**
 * Reads what there is of the log of a build, a few chunks at a time.
 *
 * @throws AppError `not_found`
 */
export async function* readWholeLog(
  ctx: Needs<'db'>,
  repository: ReadableRepository,
  buildId: number,
): AsyncGenerator<readonly Chunk[]> {
  for (let part = await readLog(ctx, repository, buildId); part.chunks.length > 0;) {
    yield part.chunks;
    part = await readLog(ctx, repository, buildId, part.last);
  }
}
