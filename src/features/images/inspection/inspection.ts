import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { Transferable } from 'node:worker_threads';
import type { Inspected, Needs } from '../../../context';
import { AppError } from '../../../platform/errors';
import type { GatedThreads } from '../../../platform/threads/gated-threads';
import { ThreadOverrun } from '../../../platform/threads/thread-pool';
import { networkOf } from '../../accounts/login-limits';
import { identityOf, type Actor } from '../../access/actor';
import type { BlobNeeds, SizedBlobRef } from '../../storage/blobs';
import { openBlob } from '../../storage/damage';
import type { BudgetLimits } from '../tar/budget';
import { pageOf, type DirectoryPage, type PageWanted } from './directory-page';
import { whileFeeding } from './feed';
import type { Refusal } from './thread';

/*
 * Reading the contents of layers. Layers are untrusted: a few bytes may expand to gigabytes or millions of files. So
 * this runs in threads, a few at a time and in turns, within a budget, only as long as a client waits for it, and once
 * for the same bytes. Checksums of pushes have their own threads, because a push must never wait for clients that only
 * browse.
 */

/** The module that the threads of this feature run. */
export const INSPECTION_THREAD = path.join(__dirname, 'thread.js');

/** The client that a layer is read for, and how long it waits. */
export interface Asker {
  readonly actor: Actor;
  /** aborted when the client no longer waits */
  readonly signal: AbortSignal;
}

/** What reading the contents of layers needs. */
export type InspectionNeeds = BlobNeeds & Needs<'layerReaders' | 'layerChecks' | 'inspected'>;

const MEBIBYTE = 1024 * 1024;
const LOOKING: BudgetLimits = { unpackedBytes: 4096 * MEBIBYTE, ms: 20_000 };

/**
 * A checksum is not refused because a layer is large: one that takes long continues in threads that only serve such
 * layers.
 */
const QUICK_CHECK: BudgetLimits = { unpackedBytes: 4096 * MEBIBYTE, ms: 10_000 };
const SLOW_CHECK: BudgetLimits = { unpackedBytes: 1024 * 1024 * MEBIBYTE, ms: 15 * 60_000 };

const OUT_OF_MEMORY: Refusal = {
  code: 'too_large',
  message: 'Layer has too many files to list',
  retryAfterSeconds: undefined,
};
const OUT_OF_TIME: Refusal = {
  code: 'unavailable',
  message: 'Layer takes too long to list',
  retryAfterSeconds: 60,
};

/** The subject of the queue: readers take turns by network, however many accounts they have. */
function readerOf({ actor }: Asker): string {
  return networkOf(actor.address);
}

function pusherOf(actor: Actor): string {
  const identity = identityOf(actor);
  return identity === undefined ? networkOf(actor.address) : `user ${identity.userId}`;
}

/** Runs a task about layers in a thread, and passes it their bytes. */
async function inThread(
  ctx: BlobNeeds,
  threads: GatedThreads,
  who: { readonly subject: string; readonly signal: AbortSignal },
  work: { readonly name: string; readonly task: object; readonly layers: readonly SizedBlobRef[] },
): Promise<unknown> {
  const open = (number: number): Promise<Readable> => {
    const layer = work.layers[number];
    if (layer === undefined) throw new Error('layer not found');
    return openBlob(ctx, layer);
  };
  return threads.run(who.subject, who.signal, (ask) =>
    whileFeeding(open, async (port) => {
      try {
        return await ask(work.name, { ...work.task, port }, [port as Transferable]);
      } catch (error) {
        who.signal.throwIfAborted();
        throw error;
      }
    }),
  );
}

function outcomeOf(answer: unknown): Inspected {
  if (!ArrayBuffer.isView(answer)) return answer as { readonly refusal: Refusal };
  return { bytes: Buffer.from(answer.buffer as ArrayBuffer, answer.byteOffset, answer.byteLength) };
}

/**
 * The result of a task about layers, as JSON in UTF-8: from the cache, or computed now.
 *
 * @param work.key - says which question it is, and of which layers
 * @throws AppError `invalid`, `too_large`, `unavailable`, `busy`; the reason of the signal
 */
async function look(
  ctx: InspectionNeeds,
  asker: Asker,
  work: { readonly name: string; readonly task: object; readonly layers: readonly SizedBlobRef[] },
): Promise<Buffer> {
  const question = JSON.stringify([work.name, work.task, work.layers.map(({ digest }) => digest)]);
  const key = createHash('sha256').update(question).digest('base64');
  const task = { ...work.task, budget: LOOKING };
  const outcome = await ctx.inspected.get(key, asker.signal, async (signal) => {
    try {
      const who = { subject: readerOf(asker), signal };
      return outcomeOf(await inThread(ctx, ctx.layerReaders, who, { ...work, task }));
    } catch (error) {
      if (!(error instanceof ThreadOverrun)) throw error;
      return { refusal: error.kind === 'time' ? OUT_OF_TIME : OUT_OF_MEMORY };
    }
  });
  if ('bytes' in outcome) return outcome.bytes;
  const { code, message, retryAfterSeconds } = outcome.refusal;
  throw new AppError(code, message, retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
}

/**
 * The rows of `/files` (protocol 4.9) as JSON.
 *
 * @throws AppError `invalid` when the layer is not a readable archive, `too_large`, `unavailable` when it is damaged or
 *   takes too long, `busy`
 */
export function filesAsJson(ctx: InspectionNeeds, asker: Asker, layer: SizedBlobRef): Promise<Buffer> {
  return look(ctx, asker, { name: 'files', task: {}, layers: [layer] });
}

/**
 * `/diff` (protocol 4.9) as JSON.
 *
 * @param layers - the layers of a chain, the topmost first
 * @throws AppError as `filesAsJson`
 */
export function diffAsJson(ctx: InspectionNeeds, asker: Asker, layers: readonly SizedBlobRef[]): Promise<Buffer> {
  return look(ctx, asker, { name: 'diff', task: { layers: layers.length }, layers });
}

/** Below this size, parsing takes less time than passing the listing to a thread. */
const SHORT_LISTING = 256 * 1024;

/**
 * A part of a directory of a layer.
 *
 * @param wanted.directory - absolute, without a slash at its end unless it is the root
 * @throws AppError `invalid` when the layer is not a readable archive, `unavailable`, `busy`
 */
export async function directoryPage(
  ctx: InspectionNeeds,
  asker: Asker,
  layer: SizedBlobRef,
  { directory, ...wanted }: PageWanted & { readonly directory: string },
): Promise<DirectoryPage> {
  const listing = await look(ctx, asker, { name: 'directory', task: { path: directory }, layers: [layer] });
  if (listing.length <= SHORT_LISTING) return pageOf(listing, wanted);
  return ctx.layerReaders.run(readerOf(asker), asker.signal, async (ask) => {
    return (await ask('page', { listing, wanted })) as DirectoryPage;
  });
}

/**
 * The tarsums of a layer with its image's json (protocol 5.2); none if it is not a tar.
 *
 * @throws AppError `unavailable` when the layer is damaged, or takes longer than any client waits; `busy`; the reason
 *   of the signal
 */
export async function tarsumsOf(
  ctx: InspectionNeeds,
  { actor, signal: gone }: Asker,
  layer: SizedBlobRef,
  json: Buffer,
): Promise<readonly string[]> {
  const jsonDigest = createHash('sha256').update(json).digest('hex');
  const check = async (threads: GatedThreads, budget: BudgetLimits, signal: AbortSignal): Promise<unknown> => {
    const work = { name: 'tarsums', task: { json: Uint8Array.from(json), budget }, layers: [layer] };
    try {
      return await inThread(ctx, threads, { subject: pusherOf(actor), signal }, work);
    } catch (error) {
      if (error instanceof ThreadOverrun && error.kind === 'time') return undefined;
      throw error;
    }
  };
  const outcome = await ctx.inspected.get(`tarsums ${layer.digest} ${jsonDigest}`, gone, async (signal) => {
    const { quick, slow } = ctx.layerChecks;
    const sums = (await check(quick, QUICK_CHECK, signal)) ?? (await check(slow, SLOW_CHECK, signal));
    if (sums === undefined) {
      throw new AppError('unavailable', 'The checksum of the layer takes too long to compute', {
        retryAfterSeconds: 60,
      });
    }
    return { bytes: Buffer.from(JSON.stringify(sums)) };
  });
  return 'bytes' in outcome ? (JSON.parse(outcome.bytes.toString()) as string[]) : [];
}
