import type { RepositoryName } from '../access/actor';
import type { Doer } from '../audit/audit';
import type { GcWatch } from './gc-progress';

/** The options of a gc. */
export interface GcOptions extends GcWatch {
  /** spares images that were announced, and blobs that were stored, within this time */
  readonly olderThanMs: number;
  /** only reports what would be freed, and less if repositories with very different names share some of it */
  readonly dryRun: boolean;
  /** who started it, for the audit log */
  readonly doer: Doer;
}

/** A repository that may have garbage. */
export interface GcRepository extends RepositoryName {
  readonly id: number;
}
