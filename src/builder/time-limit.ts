import { BuildFailure } from './build-failure';
import { inTime } from './units';

/** The time that a build may take as a whole. */
export interface TimeLimit {
  /** Aborted with a `BuildFailure` when it is over. */
  readonly exceeded: AbortSignal;
  end(): void;
}

/** Begins the time of a build: to fetch the source, to pull, to build and to push. */
export function timeLimit(ms: number): TimeLimit {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new BuildFailure(`The build took longer than ${inTime(ms)}.`)), ms);
  return { exceeded: stop.signal, end: () => clearTimeout(timer) };
}
