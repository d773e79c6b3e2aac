import type { Needs } from '../context';
import type { BuildHolder, ClaimedBuild } from '../features/builds/running';
import type { LayerCache } from './cache/layer-cache';
import type { BuildLog } from './log/build-log';
import type { PartTimes } from './part-times';
import type { PulledBase } from './registry/pull-base';
import type { BuildFolder } from './sandbox/build-folder';
import type { BuildUser } from './sandbox/enclosure';
import type { BuilderSettings } from './settings';

/** What a builder has on this host. */
export interface BuilderHost {
  readonly ctx: Needs<'db' | 'log' | 'tokenKey'>;
  /** `host:pid` */
  readonly name: string;
  readonly settings: BuilderSettings;
  readonly user: BuildUser | undefined;
  readonly storageDriver: 'overlay' | 'vfs';
  readonly cache: LayerCache;
  /** As images name it: `amd64`. */
  readonly architecture: string;
  /** The folder of this builder for its builds. */
  readonly folder: string;
}

/** A running build. */
export interface Running {
  readonly host: BuilderHost;
  readonly holder: BuildHolder;
  readonly build: ClaimedBuild;
  readonly folder: BuildFolder;
  readonly log: BuildLog;
  readonly times: PartTimes;
  readonly stopping: AbortSignal;
}

/** A base image, and the names by which the Dockerfile may call it. */
export interface NamedBase {
  readonly names: readonly string[];
  readonly pulled: PulledBase;
}
