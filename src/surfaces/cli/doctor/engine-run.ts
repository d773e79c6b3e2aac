import type { Exchange } from './failure';
import type { PushedRepository } from './pushed-image';
import type { EngineSession } from './session';

/** An image as a pull brought it. */
export interface PulledImage {
  /** `http://host/v1/` of the registry that had it */
  readonly url: string;
  /** `X-Docker-Size`; -1 when the server did not say */
  readonly sizeBytes: number;
  /** how its json came */
  readonly json: Exchange;
  /** how it became known whether ranges are possible, and whether they are */
  readonly layer: Exchange;
  readonly acceptsRanges: boolean;
}

/** One engine's visit: what its steps hand to each other. */
export interface EngineRun {
  readonly session: EngineSession;
  /** `namespace/name`, or `name` */
  readonly repository: string;
  /** the schemes to try, in this order */
  readonly schemes: readonly ('http' | 'https')[];
  readonly pushed: PushedRepository;
  readonly pulled: Map<string, PulledImage>;
  /** the index has the repository, whatever came of the push */
  isOpened: boolean;
  /** the repository existed before, and stays */
  readonly isKept: boolean;
}

/** A step that has nothing to show for this engine, and why. */
export interface NotApplicable {
  readonly reason: string;
}

/** Does the step as the engine would; throws a StepFailure or NoAnswer where the engine would stop. */
export type Step = (run: EngineRun) => Promise<NotApplicable | undefined>;

/** The repository in the paths of a registry's tags: a root name is in `library` there, and only on a pull. */
export function pulledName(repository: string): string {
  return repository.includes('/') ? repository : `library/${repository}`;
}
