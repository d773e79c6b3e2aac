import type { Endpoint } from './endpoints';
import type { Exchange } from './failure';
import type { Newcomer } from './newcomer';
import type { PushedRepository } from './pushed-image';
import type { EngineSession } from './session';
import type { V2Session } from '../../../client/v2/session';

/** An image as it was pulled. */
export interface PulledImage {
  /** `http://host/v1/` of the registry that sent it */
  readonly url: string;
  /** `X-Docker-Size`; -1 if the server did not send it */
  readonly sizeBytes: number;
  /** the exchange that returned its json */
  readonly json: Exchange;
  /** the exchange that shows whether the server accepts ranges */
  readonly layer: Exchange;
  readonly acceptsRanges: boolean;
}

/** The state of one engine, which its steps share. */
export interface EngineRun {
  readonly session: EngineSession;
  /** `namespace/name`, or `name` */
  readonly repository: string;
  /** the schemes to try, in this order */
  readonly schemes: readonly ('http' | 'https')[];
  readonly pushed: PushedRepository;
  readonly pulled: Map<string, PulledImage>;
  /** the index has the repository, even if the push failed later */
  isOpened: boolean;
  /** the registries that the index named for a push */
  endpoints: readonly Endpoint[];
  /** a client of today at the same server, if it has a v2 API */
  v2?: V2Session;
  /** the account to register */
  readonly newcomer: Newcomer;
  /** the repository existed before and is not deleted */
  readonly isKept: boolean;
}

/** A step that does not apply to this engine, and the reason. */
export interface NotApplicable {
  readonly reason: string;
}

/** Does the step as the engine would; throws a StepFailure or NoAnswer where the engine would stop. */
export type Step = (run: EngineRun) => Promise<NotApplicable | undefined>;

/** The name of the repository in the tag paths of a pull: there, a root name is in `library`. */
export function pulledName(repository: string): string {
  return repository.includes('/') ? repository : `library/${repository}`;
}
