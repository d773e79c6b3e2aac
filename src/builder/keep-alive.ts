import { setTimeout as sleep } from 'node:timers/promises';
import type { Needs } from '../context';
import { ALIVE, heartbeat, type BuildHolder } from '../features/builds/running';

/** The build was cancelled. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/** The build is no longer this builder's. */
export class Lost extends Error {
  override readonly name = 'Lost';
}

/** A build that gives signs of life. */
export interface LivingBuild {
  /** Aborted when the build has to stop: with `Cancelled`, `Lost`, or the reason of the builder's end. */
  readonly stopping: AbortSignal;
  end(): void;
}

/** Gives signs of life of a build until it ends, and finds out whether it has to stop. */
export function keepAlive(ctx: Needs<'db' | 'log'>, holder: BuildHolder, ending: AbortSignal): LivingBuild {
  const stop = new AbortController();
  const over = new AbortController();
  void beat(ctx, holder, stop, over.signal);
  return { stopping: AbortSignal.any([stop.signal, ending]), end: () => over.abort() };
}

async function beat(
  ctx: Needs<'db' | 'log'>,
  holder: BuildHolder,
  stop: AbortController,
  over: AbortSignal,
): Promise<void> {
  let lastAt = performance.now();
  while (!over.aborted && !stop.signal.aborted) {
    try {
      const answer = await heartbeat(ctx, holder);
      lastAt = performance.now();
      if (answer === 'cancel') stop.abort(new Cancelled());
      if (answer === 'lost') stop.abort(new Lost());
    } catch (error) {
      ctx.log.warn({ err: error, build: holder.buildId }, 'could not give a sign of life of a build');
      // Without Postgres another builder may have it by now.
      if (performance.now() - lastAt > ALIVE.lostAfterMs) stop.abort(new Lost());
    }
    await sleep(ALIVE.everyMs, undefined, { signal: over }).catch(() => undefined);
  }
}
