import type { AddressRule } from '../platform/http/address-rules';
import type { Limits } from './sandbox/enclosure';

/** How much is kept of builds. */
export interface CacheSettings {
  /** of all repositories together; 0: nothing */
  readonly bytes: number;
  /** from the build that began without any */
  readonly days: number;
}

/** What the operator has configured for a builder. */
export interface BuilderSettings {
  /** The URL at which the builder reaches the hub. */
  readonly hub: string;
  /** The hosts, with their ports, by which Dockerfiles may name the hub; the first is that of names without one. */
  readonly ownHosts: readonly string[];
  /** The folder for the files of builds, on this host. */
  readonly folder: string;
  /** The unprivileged user that runs the programs of builds, if this process runs as root. */
  readonly userName: string;
  /** How many builds run at once. */
  readonly jobs: number;
  readonly limits: Limits;
  /** The layers that builds leave for later ones on this host. */
  readonly cache: CacheSettings;
  /** From where sources are fetched. */
  readonly addresses: AddressRule;
  /** What builds with a network may reach. */
  readonly reach: AddressRule;
  /** A file with the keys of ssh hosts; undefined: any key is accepted. */
  readonly knownHosts: string | undefined;
}
