import type { MessagePort } from 'node:worker_threads';
import { move } from 'piscina';
import { AppError, type ErrorCode } from '../../../platform/errors';
import { takeThreadRank } from '../../../platform/threads/rank';
import { Budget, BudgetSpent, type BudgetLimits } from '../tar/budget';
import { compareLayers, LowerLayers } from '../tar/compare-layers';
import { listDirectory } from '../tar/directory';
import { FILE_LIST_LIMITS, listFiles, type FileEntry } from '../tar/file-list';
import { tarSum } from '../tar/tarsum';
import { TarError } from '../tar/tar-error';
import { pageOf, type PageWanted } from './directory-page';
import { fedLayer } from './feed';

/*
 * The tasks that run in threads: all work whose cost depends on the bytes of a layer. Each export is a task;
 * `inspection.ts` has the other side.
 */

takeThreadRank();

/** The parameters of every task about layers. */
export interface LayerTask {
  readonly port: MessagePort;
  readonly budget: BudgetLimits;
}

/** The reason why a layer, or a question about it, is refused. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterSeconds: number | undefined;
}

/** JSON in UTF-8, or the reason why there is none. */
type Answer = Uint8Array | { readonly refusal: Refusal };

async function answering(work: () => Promise<unknown>): Promise<Answer> {
  try {
    // Encoded here, and moved instead of copied: the event loop only has to send a long answer.
    return move(new TextEncoder().encode(JSON.stringify(await work()))) as unknown as Uint8Array;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message, retryAfterSeconds } = error;
    return { refusal: { code, message, retryAfterSeconds } };
  }
}

/** `/files` of a layer. */
export function files({ port, budget }: LayerTask): Promise<Answer> {
  return answering(() => listFiles(fedLayer(port, 0), new Budget(budget)));
}

/** `/diff` of the first layer against the others, which are ordered from the top down. */
export function diff({ port, budget, layers }: LayerTask & { readonly layers: number }): Promise<Answer> {
  return answering(async () => {
    const limits = new Budget(budget);
    const left = { ...FILE_LIST_LIMITS };
    const filesOf = async (layer: number): Promise<FileEntry[]> => {
      const found = await listFiles(fedLayer(port, layer), limits, left);
      left.entries -= found.length;
      left.nameBytes -= found.reduce((bytes, [name]) => bytes + name.length, 0);
      return found;
    };
    const top = await filesOf(0);
    const lower = new LowerLayers();
    for (let layer = 1; layer < layers; layer += 1) lower.add(await filesOf(layer));
    return compareLayers(top, lower);
  });
}

/** The entries of a layer in one directory. */
export function directory({ port, budget, path }: LayerTask & { readonly path: string }): Promise<Answer> {
  return answering(() => listDirectory(fedLayer(port, 0), new Budget(budget), path));
}

/** A page of such a directory, for listings that are so long that parsing them takes time. */
export function page({ listing, wanted }: { readonly listing: Uint8Array; readonly wanted: PageWanted }): unknown {
  return pageOf(listing, wanted);
}

/** The tarsums of a layer with its json; none if it is not a tar, undefined when the budget does not suffice. */
export async function tarsums({
  port,
  budget,
  json,
}: LayerTask & { readonly json: Uint8Array }): Promise<readonly string[] | undefined> {
  try {
    return (await tarSum(fedLayer(port, 0), Buffer.from(json), new Budget(budget))).tarsums;
  } catch (error) {
    if (error instanceof TarError) return [];
    if (error instanceof BudgetSpent) return undefined;
    throw error;
  }
}
